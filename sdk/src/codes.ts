import { bulk, listOf, type BulkOptions, type Failed } from './bulk.ts'
import { isRecord, isText, must, text, whole } from './check.ts'
import { AuthorizationError, CodeRefusedError, parse, strangeAnswer } from './errors.ts'
import { generateKind, itemsToGenerate } from './generate.ts'
import type { GenerateOptions, GenerateResult, UserToGenerate } from './generate.ts'
import type { KeyRing } from './key.ts'
import type { components } from './openapi.ts'
import type { Run } from './run.ts'
import { callService, type Answer, type Transport } from './transport.ts'
import { itemsToVoid, voidKind, type VoidResult } from './void.ts'
import { WAIT_MS_MAX } from './wait.ts'

/** A question that the tenant asks beside the code; it is answered by the same call once more. */
export type Question = components['schemas']['Challenge']

export type CallOptions = {
  signal?: AbortSignal | undefined
  /** The longest that the call may wait in all, as a 429 tells it to: 10 seconds by default. */
  waitMs?: number | undefined
  /** The end user's IPv4 or IPv6 address, where a tenant's own backend calls; needs an API key. */
  clientIp?: string | undefined
}

export type CodeOptions = CallOptions & {
  /** The question that was asked, and what the user answers. */
  answer?: { question: Question; text: string } | undefined
}

type OfAnswer = { requestId: string | undefined }
type Asked = OfAnswer & { outcome: 'question'; question: Question }

/** Whose code it is; or a question that must be answered first: then the code is not accepted yet. */
export type ValidateResult = (OfAnswer & { outcome: 'valid'; userName: string; emailAddress: string }) | Asked

/** The grant, for your own service to verify; or a question, as above. */
export type RedeemResult =
  | (OfAnswer & { outcome: 'redeemed'; userName: string; emailAddress: string; resetGrant: string })
  | Asked

const WAIT_MS = 10_000

export type Service = { transport: Transport; origin: string; keyRing: KeyRing | undefined }

/** What is done with codes. */
export class Codes {
  readonly #service: Service

  constructor(service: Service) {
    this.#service = service
  }

  /**
   * Issues a code to each user, for any number of them.
   *
   * @throws {TypeError} for a wrong argument, or without a key; before anything is sent.
   */
  generate(
    users: Iterable<string | UserToGenerate>,
    options: GenerateOptions = {},
  ): Run<GenerateResult | Failed> {
    const items = itemsToGenerate(listOf('users', users), options)
    return bulk(keyed(this.#service), items, options, generateKind(options))
  }

  /**
   * Voids the live codes of each address, for any number of them.
   *
   * @throws {TypeError} for a wrong argument, or without a key; before anything is sent.
   */
  void(emails: Iterable<string>, options: BulkOptions = {}): Run<VoidResult> {
    return bulk(keyed(this.#service), itemsToVoid(listOf('emails', emails)), options, voidKind(options))
  }

  /**
   * Says whose code it is, and consumes nothing. A wrong code counts, so that this is never repeated by itself, but
   * after a 429.
   *
   * @throws {CodeRefusedError} when it is not good, for whatever reason.
   */
  validate(email: string, code: string, options: CodeOptions = {}): Promise<ValidateResult> {
    return this.#present('validatePasswordResetCode', 'valid', [], [email, code], options)
  }

  /**
   * Redeems a code, once, for a reset grant. It is never repeated by itself, but after a 429: when no answer came, the
   * code may be redeemed.
   *
   * @throws {CodeRefusedError} when it is not good, for whatever reason.
   */
  redeem(email: string, code: string, options: CodeOptions = {}): Promise<RedeemResult> {
    return this.#present('redeemPasswordResetCode', 'redeemed', ['resetGrant'], [email, code], options)
  }

  /**
   * Has a code mailed, if there is an account: the answer is the same for every address. It is never repeated by
   * itself, but after a 429.
   */
  async send(email: string, options: CallOptions = {}): Promise<{ requestId: string | undefined }> {
    const form = new URLSearchParams({ emailAddress: text('email', email) })
    const { requestId } = await this.#visit('sendPasswordResetCode', form, options)
    return { requestId }
  }

  async #present<Result>(
    operation: string,
    outcome: string,
    more: readonly string[],
    [email, code]: readonly [string, string],
    { answer, ...options }: CodeOptions,
  ): Promise<Result | Asked> {
    const form = { emailAddress: text('email', email), passwordResetCode: text('code', code) }
    // Answers are sent as JSON, which alone has a place for them.
    const body = answer
      ? { ...form, UserIdentificationChallenge: { ...answer.question, Answer: text('answer', answer.text) } }
      : new URLSearchParams(form)
    const { text: answered, requestId } = await this.#visit(operation, body, options).catch(refuse)
    const members = parse(answered)
    const question = members['UserIdentificationChallenge']
    if (isRecord(question)) return { outcome: 'question', question: question as Question, requestId }
    const names = ['userName', 'emailAddress', ...more]
    if (!names.every((name) => isText(members[name]))) throw strangeAnswer(requestId)
    return { ...members, outcome, requestId } as Result
  }

  async #visit(operation: string, body: URLSearchParams | object, options: CallOptions): Promise<Answer> {
    const { signal, clientIp } = options
    const { transport, origin } = this.#service
    const url = `${origin}/api/passwordmanagement/${operation}`
    const waitMs = whole('waitMs', options.waitMs ?? WAIT_MS, 0, WAIT_MS_MAX)
    signal?.throwIfAborted()
    const headers: Record<string, string> = {}
    if (clientIp !== undefined) {
      const { keyRing } = keyed(this.#service)
      headers['X-Rescind-Client'] = await keyRing.clientToken(origin, text('clientIp', clientIp))
    }
    return callService(transport, { url, body, headers, signal, waitMs })
  }
}

/** @throws {TypeError} without a key. */
function keyed({ keyRing, ...service }: Service): Service & { keyRing: KeyRing } {
  must(keyRing !== undefined, 'key', 'given for this')
  return { ...service, keyRing }
}

/** No call here brings a bearer token: a 401 is of the code, or of a CSRF token, as its words say. */
function refuse(error: unknown): never {
  if (!(error instanceof AuthorizationError) || error.message.includes('CSRF')) throw error
  throw new CodeRefusedError(error.message, error)
}
