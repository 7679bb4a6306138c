import { isRecord, must, whole } from './check.ts'
import { AuthorizationError, parse, RescindError, strangeAnswer } from './errors.ts'
import type { KeyRing } from './key.ts'
import { inChunks, runOf, type Progress, type Run } from './run.ts'
import { callService, type Transport } from './transport.ts'
import { newQueue, WAIT_MS_MAX } from './wait.ts'

/** What the codes are for. */
export type Mode = 'PASSWORD_RESET' | 'ENROLLMENT'

export type BulkOptions = {
  /** `PASSWORD_RESET` unless it says otherwise. */
  mode?: Mode | undefined
  /** Users in one call: 1 to 100, which is the default and the service's bound. */
  chunkSize?: number | undefined
  /** Calls at a time: 1 to 16, 4 by default. */
  concurrency?: number | undefined
  /** The longest that one call may wait in all, as the service tells it to: 5 minutes by default. */
  waitMs?: number | undefined
  /**
   * Makes the whole run repeatable for 24 hours: with the same users, order and options it has its effect once, and
   * brings the same results. 1 to 200 of A-Z, a-z, 0-9, `_`, `.` and `-`, and nobody may guess it.
   */
  idempotencyKey?: string | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

/** Whose result it is, and the place of the user in what was handed over. */
export type OfUser = { email: string; index: number }

/** Nothing is known to be done for the user, for this reason; `error.effect` says whether nothing was. */
export type Failed = OfUser & { outcome: 'failed'; error: RescindError }

/** A user, and what is sent for them. */
export type Item<Entry> = { user: OfUser; entry: Entry }

/** What one kind of bulk is made of: what it sends, and what it makes of an answer. */
export type Kind<Entry, Result> = {
  path: string
  bodyOf: (entries: Entry[]) => object
  /** What the answer says of each user, in their order. */
  answersOf: (body: unknown) => unknown
  /** @param answer its `status` is a number. */
  resultOf: (user: OfUser, answer: Told, requestId: string | undefined) => Result
}
export type Told = { status: number; errorMessage?: string } & Record<string, unknown>

const CHUNK_MAX = 100
/** Bodies may have 64 KiB. */
const CHUNK_BYTES_MAX = 60_000
/** Bytes of one UTF-16 unit in UTF-8. */
const CHARACTER_BYTES_MAX = 3
const WAIT_MS = 300_000

/**
 * Splits users over calls, each with an Idempotency-Key of its own that all of its attempts share.
 *
 * @throws {TypeError} for a wrong option, before anything is sent.
 */
export function bulk<Entry, Result extends OfUser & { outcome: string }>(
  { transport, keyRing, origin }: { transport: Transport; keyRing: KeyRing; origin: string },
  items: readonly Item<Entry>[],
  options: BulkOptions,
  kind: Kind<Entry, Result>,
): Run<Result | Failed> {
  const { signal, onProgress, idempotencyKey = crypto.randomUUID() } = options
  const size = whole('chunkSize', options.chunkSize ?? CHUNK_MAX, 1, CHUNK_MAX)
  const concurrency = whole('concurrency', options.concurrency ?? 4, 1, 16)
  const waitMs = whole('waitMs', options.waitMs ?? WAIT_MS, 0, WAIT_MS_MAX)
  must(/^[\w.-]{1,200}$/.test(idempotencyKey), 'idempotencyKey', '1 to 200 of A-Z, a-z, 0-9, _, . and -')
  const queue = newQueue()
  let ready: Promise<unknown> | undefined
  let hopeless: RescindError | undefined

  const call = async (
    chunk: readonly Item<Entry>[],
    number: number,
    stop: AbortSignal,
  ): Promise<(Result | Failed)[]> => {
    try {
      if (hopeless !== undefined) throw hopeless
      // One token for calls that begin at once. What fails here, each meets by itself.
      await (ready ??= keyRing.bearer(stop).catch(() => undefined))
      const { text, requestId } = await callService(transport, {
        url: origin + kind.path,
        body: kind.bodyOf(chunk.map(({ entry }) => entry)),
        keyRing,
        idempotencyKey: `${idempotencyKey}.${number}`,
        signal: stop,
        waitMs,
        queue,
      })
      return resultsOf(kind, chunk, text, requestId)
    } catch (error) {
      if (!(error instanceof RescindError)) throw error
      // No other chunk would fare better.
      if (error instanceof AuthorizationError) hopeless ??= error
      return chunk.map(({ user }): Failed => ({ ...user, outcome: 'failed', error }))
    }
  }
  return runOf(inChunks(chunksOf(items, size), { concurrency, signal, onProgress }, call))
}

/** @throws {AnswerError} when the answer does not fit what was asked: then nobody knows what was done. */
function resultsOf<Entry, Result>(
  { answersOf, resultOf }: Kind<Entry, Result>,
  chunk: readonly Item<Entry>[],
  text: string,
  requestId: string | undefined,
): Result[] {
  const answers = answersOf(parse(text))
  if (!Array.isArray(answers) || answers.length !== chunk.length || !answers.every(isTold))
    throw strangeAnswer(requestId)
  return chunk.map(({ user }, index) => resultOf(user, answers[index] as Told, requestId))
}

function isTold(answer: unknown): answer is Told {
  return isRecord(answer) && typeof answer['status'] === 'number'
}

/** So many to a chunk, and fewer where their entries are long: one user's must not spoil the others' call. */
function chunksOf<Entry>(items: readonly Item<Entry>[], size: number): Item<Entry>[][] {
  const chunks: Item<Entry>[][] = []
  let bytes = 0
  for (const item of items) {
    const length = JSON.stringify(item.entry).length * CHARACTER_BYTES_MAX
    bytes += length
    const chunk = chunks.at(-1)
    if (chunk !== undefined && chunk.length < size && bytes <= CHUNK_BYTES_MAX) chunk.push(item)
    else {
      chunks.push([item])
      bytes = length
    }
  }
  return chunks
}

/**
 * What was handed over, one by one.
 *
 * @throws {TypeError} for text, whose letters would be taken for users.
 */
export function listOf<Item>(name: string, items: Iterable<Item>): Item[] {
  must(typeof items === 'object' && items !== null && Symbol.iterator in items, name, 'a list')
  return [...items]
}

/** @throws {TypeError} for another mode than there is. */
export function modeOf({ mode = 'PASSWORD_RESET' }: BulkOptions): Mode {
  must(mode === 'PASSWORD_RESET' || mode === 'ENROLLMENT', 'mode', 'PASSWORD_RESET or ENROLLMENT')
  return mode
}
