import {
  AuthorizationError,
  CodeRefusedError,
  ConnectionError,
  GrantError,
  RateLimitError,
  Rescind,
  verifyWebhook,
  WebhookError,
  type ApiKeyFile,
  type OAuthClientFile,
  type Progress,
} from '@rescind/client'

/**
 * What the client does in every runtime, against the real service. This file runs in Node, workerd and Chromium as it
 * is: it knows no runtime, and no test runner.
 */

export type Situation = {
  /** The host of the tenant, and the service's own base URL, which signs grants. */
  baseUrl: string
  issuer: string
  tenant: string
  audience: string
  key: ApiKeyFile
  client: OAuthClientFile
  /** A key of a tenant that may void two users at once, and two more after three seconds. */
  tightKey: ApiKeyFile
  /** Users of this runtime alone; the last one has set an answer to a question. */
  users: string[]
  /** A code of the second user, where one is needed. */
  code?: string
}

type Check = (situation: Situation) => Promise<void>

function equal(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (one !== other) throw new Error(`${one} is not ${other}`)
}

function that(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`not so: ${what}`)
}

async function thrown<Kind extends Error>(
  promise: PromiseLike<unknown>,
  kind: new (...args: never[]) => Kind,
): Promise<Kind> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (outcome instanceof kind) return outcome
  throw new Error(`${String(outcome)} was thrown, and not ${kind.name}`)
}

const rescindOf = ({ baseUrl, key, tenant, audience, issuer }: Situation) =>
  new Rescind({ baseUrl, key, grants: { tenant, audience, issuer } })

async function codeFor(situation: Situation, email: string): Promise<string> {
  const [result] = await rescindOf(situation).codes.generate([email])
  if (result?.outcome !== 'shown') throw new Error(`no code: ${JSON.stringify(result)}`)
  return result.code
}

export const CHECKS: Record<string, Check> = {
  async 'generates for more users than one call takes, and says what became of each'(situation) {
    const told: Progress[] = []
    const users = [...situation.users.slice(0, 203), 'nobody@example.com']
    const results = await rescindOf(situation).codes.generate(users, {
      validityMinutes: 30,
      concurrency: 2,
      onProgress: (progress) => told.push(progress),
    })
    equal(
      results.map(({ email }) => email),
      users,
    )
    const shown = results.flatMap((result) => (result.outcome === 'shown' ? result : []))
    equal(shown.length, 203)
    equal(new Set(shown.map(({ code }) => code)).size, 203)
    that(
      shown[0]?.expiresAt instanceof Date && shown[0].link === 'https://sdk.example/reset',
      'expiry and link',
    )
    const lifeMs = (shown[0]?.expiresAt.getTime() ?? 0) - Date.now()
    that(lifeMs > 28 * 60_000 && lifeMs < 32 * 60_000, 'it lives 30 minutes')
    const last = results.at(-1)
    that(last?.outcome === 'refused' && last.status === 1002 && last.message === 'User not found.', 'refused')
    equal(new Set(shown.map(({ requestId }) => requestId)).size, 3)
    equal(told.length, 3)
    equal(told.at(-1), { done: 204, failed: 0, total: 204 })
  },

  async 'voids for more users than one call takes, as an iterator'(situation) {
    const { codes } = rescindOf(situation)
    const users = situation.users.slice(0, 203)
    await codes.generate(users)
    const seen = new Set<number>()
    for await (const result of codes.void(users)) {
      that(result.outcome === 'voided' && result.status === 1016, `voided: ${JSON.stringify(result)}`)
      seen.add(result.index)
    }
    equal(seen.size, 203)
    const [again, nobody] = await codes.void([users[0] ?? '', 'nobody@example.com'])
    that(
      again?.outcome === 'nothing-to-void' && again.message.endsWith('was voided before.'),
      'nothing to void',
    )
    that(nobody?.outcome === 'refused' && nobody.status === 1002, 'nobody')
  },

  async 'generates once, though every first answer is lost'(situation) {
    const { baseUrl, key, users } = situation
    const replayed: (string | null)[] = []
    const seen = new Set<string>()
    const losing: typeof fetch = async (url, init) => {
      const response = await fetch(url, init)
      const idempotencyKey = new Headers(init?.headers as Record<string, string>).get('Idempotency-Key') ?? ''
      if (!seen.has(idempotencyKey)) {
        seen.add(idempotencyKey)
        throw new TypeError('fetch failed')
      }
      replayed.push(response.headers.get('Idempotency-Replayed'))
      return response
    }
    const { codes } = new Rescind({ baseUrl, key, fetch: losing })
    const results = await codes.generate(users.slice(2, 6), { chunkSize: 2 })
    equal(replayed, ['true', 'true'])
    for (const result of results) {
      if (result.outcome !== 'shown') throw new Error(`no code: ${JSON.stringify(result)}`)
      equal((await rescindOf(situation).codes.validate(result.email, result.code)).outcome, 'valid')
    }
    equal(results.length, 4)
  },

  async 'validates and redeems a code, and verifies its grant once'(situation) {
    const rescind = rescindOf(situation)
    const email = situation.users[0] ?? ''
    const code = await codeFor(situation, email)
    const valid = await rescind.codes.validate(email, code, { clientIp: '203.0.113.7' })
    equal([valid.outcome, valid.outcome === 'valid' && valid.emailAddress], ['valid', email])
    const redeemed = await rescind.codes.redeem(email, code)
    if (redeemed.outcome !== 'redeemed') throw new Error('not redeemed')
    const used = new Set<string>()
    const useOnce = (id: string) => used.size < used.add(id).size
    const grant = await rescind.verifyResetGrant(redeemed.resetGrant, { useOnce })
    equal([grant.tenant, typeof grant.userId, used.has(grant.grantId)], ['sdk', 'string', true])
    that(grant.expiresAt.getTime() > Date.now(), 'it has not expired')
    const again = await thrown(rescind.verifyResetGrant(redeemed.resetGrant, { useOnce }), GrantError)
    equal(again.code, 'used')
    const { baseUrl, issuer } = situation
    const other = new Rescind({ baseUrl, grants: { tenant: 'other', audience: situation.audience, issuer } })
    equal((await thrown(other.verifyResetGrant(redeemed.resetGrant), GrantError)).code, 'claim')
    const refused = await thrown(rescind.codes.redeem(email, code), CodeRefusedError)
    equal([refused.status, refused.code, refused.effect], [401, 'Client', 'none'])
    that(/^[\w-]{8,}$/.test(refused.requestId ?? ''), 'a request id')
  },

  async 'asks the question that stands beside a code'(situation) {
    const { codes } = rescindOf(situation)
    const email = situation.users.at(-1) ?? ''
    const code = await codeFor(situation, email)
    const asked = await codes.validate(email, code)
    if (asked.outcome !== 'question') throw new Error('no question')
    equal(asked.question.ChallengeQuestion, 'What is the name of your pet?')
    const wrong = await codes.redeem(email, code, { answer: { question: asked.question, text: 'Tom' } })
    equal(wrong.outcome, 'question')
    const right = await codes.redeem(email, code, { answer: { question: asked.question, text: 'rex' } })
    equal(right.outcome, 'redeemed')
  },

  async 'takes an access token as an OAuth client, once for many calls'(situation) {
    const { baseUrl, client, users } = situation
    const asked: string[] = []
    const counting: typeof fetch = (url, init) => {
      asked.push(new URL(url instanceof Request ? url.url : url).pathname)
      return fetch(url, init)
    }
    const { codes } = new Rescind({ baseUrl, key: client, fetch: counting })
    await codes.generate(users.slice(0, 1))
    const results = await codes.void(users.slice(0, 4), { chunkSize: 1 })
    equal(results.map(({ outcome }) => outcome)[0], 'voided')
    equal(results.length, 4)
    equal(asked.filter((path) => path === '/oauth/token').length, 1)
    equal(asked.length, 6)
  },

  async 'has a code mailed, whoever the address belongs to'(situation) {
    const { codes } = rescindOf(situation)
    for (const email of [situation.users[1] ?? '', `nobody-${situation.users[0]}`]) {
      that((await codes.send(email)).requestId !== undefined, 'a request id')
    }
  },

  async 'says of a key that is not taken, and goes no further'(situation) {
    const { baseUrl, key, users } = situation
    const { codes } = new Rescind({ baseUrl, key: { ...key, accessID: crypto.randomUUID() } })
    const results = await codes.void(users, { chunkSize: 10, concurrency: 1 })
    equal(results.length, users.length)
    const errors = results.map((result) => (result.outcome === 'failed' ? result.error : undefined))
    equal(new Set(errors).size, 1)
    const [error] = errors
    that(error instanceof AuthorizationError, 'an AuthorizationError')
    equal([error?.status, error?.code, error?.effect], [401, 'Unauthorized', 'none'])
    that(error?.requestId !== undefined, 'a request id')
  },

  async 'waits as Retry-After says, and no longer than it may; an abort ends the wait'(situation) {
    const { baseUrl, tightKey, users } = situation
    const { codes } = new Rescind({ baseUrl, key: tightKey })
    const startedAt = Date.now()
    const results = await codes.void(users.slice(0, 4), { chunkSize: 2 })
    equal(new Set(results.map(({ outcome }) => outcome)).size, 1)
    equal(results[0]?.outcome, 'refused')
    that(Date.now() - startedAt >= 2_500, 'it has waited')
    const [failed] = await codes.void(users.slice(0, 2), { waitMs: 0 })
    that(failed?.outcome === 'failed' && failed.error instanceof RateLimitError, 'limited')
    that(failed?.outcome === 'failed' && (failed.error.retryAfterMs ?? 0) > 0, 'it says how long')
    const reason = new Error('enough')
    const controller = new AbortController()
    const abortedAt = Date.now()
    setTimeout(() => controller.abort(reason), 100)
    const error = await thrown(codes.void(users.slice(0, 2), { signal: controller.signal }), Error)
    that(error === reason, 'the reason of the signal')
    that(Date.now() - abortedAt < 1_500, 'at once')
  },

  async 'says that no answer came'({ key, users }) {
    const { codes } = new Rescind({ baseUrl: 'http://127.0.0.1:1', key })
    const error = await thrown(codes.validate(users[0] ?? '', 'XXXX-XXXX'), ConnectionError)
    equal([error.status, error.effect], [undefined, 'unknown'])
  },

  async 'verifies a webhook with either of two secrets'() {
    const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const secretOf = (bytes: Uint8Array) => `whsec_${btoa(String.fromCharCode(...bytes))}`
    const body =
      '{"type": "code.voided", "timestamp": "2026-11-26T12:00:00.000Z", "data": {"tenantId": "acme"}}'
    const id = 'evt_acme_admin_1'
    const sentAtS = String(Math.floor(Date.now() / 1000))
    const key = await crypto.subtle.importKey('raw', one, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    const mac = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`${id}.${sentAtS}.${body}`))
    const signature = `v1,${btoa(String.fromCharCode(...new Uint8Array(mac)))}`
    const headers = new Headers({
      'Webhook-Id': id,
      'Webhook-Timestamp': sentAtS,
      'Webhook-Signature': signature,
    })
    const event = await verifyWebhook(body, headers, [secretOf(other), secretOf(one)])
    equal([event.id, event.type, event.data], [id, 'code.voided', { tenantId: 'acme' }])
    const bad = await thrown(verifyWebhook(`${body} `, headers, secretOf(one)), WebhookError)
    equal(bad.code, 'signature')
  },
}

/** @returns by the name of each check, what went wrong, or nothing. */
export async function runChecks(situation: Situation): Promise<Record<string, string>> {
  const faults: Record<string, string> = {}
  for (const [name, check] of Object.entries(CHECKS)) {
    faults[name] = await check(situation).then(
      () => '',
      (error: unknown) => (error instanceof Error ? `${error.message}\n${error.stack}` : String(error)),
    )
  }
  return faults
}

/** What a page of another origin can do, without a key: the code was made by somebody else. */
export async function runVisitorChecks({
  baseUrl,
  users,
  code = '',
}: Situation): Promise<Record<string, string>> {
  const { codes } = new Rescind({ baseUrl })
  const [email = ''] = users.slice(1)
  try {
    const { outcome, requestId } = await codes.validate(email, code)
    const refused = await thrown(codes.redeem(email, 'XXXX-XXXX'), CodeRefusedError)
    const hasIds = requestId !== undefined && refused.requestId !== undefined
    return { outcome, refused: refused.name, requestId: hasIds ? 'yes' : 'no' }
  } catch (error) {
    return { outcome: error instanceof Error ? error.name : String(error) }
  }
}
