import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  AnswerError,
  AuthorizationError,
  CodeRefusedError,
  ConnectionError,
  RateLimitError,
  Rescind,
  RescindError,
} from '@rescind/client'
import { BASE_URL, KEY, refusal, scripted, usersOf, voided } from './scripted.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }))
afterEach(() => vi.useRealTimers())

/** Lets what is under way go on, whatever it waits for. */
async function ended<Value>(promise: PromiseLike<Value>): Promise<Value> {
  const state = { isOver: false }
  const noted = Promise.resolve(promise).finally(() => (state.isOver = true))
  noted.catch(() => undefined)
  while (!state.isOver) {
    await vi.advanceTimersByTimeAsync(50)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return noted
}

async function faultOf(promise: PromiseLike<unknown>): Promise<RescindError> {
  const error = await ended(promise).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(RescindError)
  return error as RescindError
}

const lost = () => Promise.reject(new TypeError('fetch failed'))

describe('a generate or a void', () => {
  it.each([
    ['no answer', lost],
    ['500', () => refusal(500)],
    ['503', () => refusal(503, { 'Retry-After': '1' })],
    ['a page of some proxy', () => new Response('<html>', { status: 502 })],
    ['429', () => refusal(429, { 'Retry-After': '2' })],
    ['409 while the first is running', () => refusal(409, { 'Retry-After': '2' })],
  ])('is made again by one Idempotency-Key after %s', async (_, failing) => {
    const { rescind, sent } = scripted((each, count) => (count < 4 ? failing() : voided(each)))
    const results = await ended(rescind.codes.void(usersOf(2)))
    expect(results.map(({ outcome }) => outcome)).toEqual(['voided', 'voided'])
    expect(sent).toHaveLength(4)
    const keys = new Set(sent.map(({ headers }) => headers['idempotency-key']))
    expect([...keys]).toEqual([expect.stringMatching(/^"[\w.-]{38,}"$/)])
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1)
  })

  it.each([400, 403, 404, 406, 409, 413, 415, 422])('is not made again after %i', async (status) => {
    const { rescind, sent } = scripted(() => refusal(status))
    const [result] = await ended(rescind.codes.void(usersOf(1)))
    expect(result).toMatchObject({
      outcome: 'failed',
      error: {
        status,
        code: `${status} WORDS`,
        message: 'In words.',
        requestId: `r${status}`,
        effect: 'none',
      },
    })
    expect(sent).toHaveLength(1)
  })

  it('gives up after six attempts, and says that nobody knows', async () => {
    const { rescind, sent } = scripted(() => refusal(503, { 'Retry-After': '1' }))
    const [result] = await ended(rescind.codes.void(usersOf(1)))
    expect(result).toMatchObject({ outcome: 'failed', error: { status: 503, effect: 'unknown' } })
    expect(sent).toHaveLength(6)
  })

  it('may have been done by an attempt before, whatever the last one was refused for', async () => {
    const { rescind } = scripted((_, count) =>
      count === 1 ? lost() : refusal(429, { 'Retry-After': '9999' }),
    )
    const [result] = await ended(rescind.codes.void(usersOf(1)))
    expect(result).toMatchObject({ outcome: 'failed', error: { status: 429, effect: 'unknown' } })
  })

  it('takes an answer that does not fit for none of the service', async () => {
    const many = { results: [{ status: 1016 }, { status: 1016 }] }
    for (const body of [
      {},
      [],
      { results: [] },
      many,
      { results: [null] },
      { results: [{}] },
      { results: 'a' },
    ]) {
      const { rescind, sent } = scripted(() => Response.json(body))
      const [result] = await ended(rescind.codes.void(usersOf(1), { waitMs: 0 }))
      expect(result).toMatchObject({ outcome: 'failed', error: { effect: 'unknown' } })
      expect(sent).toHaveLength(1)
    }
  })

  it('takes its token nowhere else by a redirect', async () => {
    vi.useRealTimers()
    const visited: string[] = []
    const server = createServer((request, response) => {
      visited.push(request.url ?? '')
      response.writeHead(307, { Location: '/elsewhere' }).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const [result] = await new Rescind({ baseUrl, key: KEY }).codes.void(usersOf(1), { waitMs: 0 })
    server.close()
    expect(result).toMatchObject({ outcome: 'failed', error: { status: 307, effect: 'unknown' } })
    expect(visited).toEqual(['/AdminInterface/restapi/v1/users/voidVerifyCode'])
  })

  it('has a key of its own for each call, or the one of the run and its number', async () => {
    const keysOf = async (options: object) => {
      const { rescind, sent } = scripted(voided)
      await ended(rescind.codes.void(usersOf(5), { chunkSize: 2, ...options }))
      return sent.map(({ headers }) => headers['idempotency-key'])
    }
    const [one, other] = [await keysOf({}), await keysOf({})]
    expect(new Set([...one, ...other]).size).toBe(6)
    expect(await keysOf({ idempotencyKey: 'mine' })).toEqual(['"mine.0"', '"mine.1"', '"mine.2"'])
  })
})

describe('a validate, a redeem or a send', () => {
  const calls = {
    validate: (options = {}) =>
      [scriptedCodes, (codes: Codes) => codes.validate('a@b.example', 'CODE', options)] as const,
    redeem: (options = {}) =>
      [scriptedCodes, (codes: Codes) => codes.redeem('a@b.example', 'CODE', options)] as const,
    send: (options = {}) => [scriptedCodes, (codes: Codes) => codes.send('a@b.example', options)] as const,
  }
  type Codes = ReturnType<typeof scripted>['rescind']['codes']
  const scriptedCodes = scripted

  it.each(Object.entries(calls))('%s is made once, whatever becomes of it', async (_, call) => {
    for (const [failing, effect] of [
      [lost, 'unknown'],
      [() => refusal(500), 'unknown'],
      [() => refusal(503, { 'Retry-After': '1' }), 'unknown'],
      [() => refusal(409, { 'Retry-After': '1' }), 'none'],
      [() => refusal(400), 'none'],
    ] as const) {
      const [make, run] = call()
      const { rescind, sent } = make(failing)
      expect(await faultOf(run(rescind.codes))).toMatchObject({ effect })
      expect(sent).toHaveLength(1)
      expect(sent[0]?.headers['idempotency-key']).toBeUndefined()
    }
  })

  it.each(Object.entries(calls))('%s waits after a 429, which has done nothing', async (_, call) => {
    const [make, run] = call()
    const good = { userName: 'u', emailAddress: 'a@b.example', resetGrant: 'e' }
    const { rescind, sent } = make((_, count) =>
      count === 1 ? refusal(429, { 'Retry-After': '3' }) : Response.json(good),
    )
    await ended(run(rescind.codes))
    const [first, second] = sent.map(({ atMs }) => atMs)
    expect(sent).toHaveLength(2)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(3_000)
  })

  it('waits no longer than it may', async () => {
    for (const [seconds, waitMs, attempts] of [
      [11, undefined, 1],
      [3, 2_999, 1],
      [3, 6_500, 3],
    ] as const) {
      const [make, run] = calls.send({ waitMs })
      const { rescind, sent } = make(() => refusal(429, { 'Retry-After': String(seconds) }))
      const error = await faultOf(run(rescind.codes))
      expect(error).toBeInstanceOf(RateLimitError)
      expect(error).toMatchObject({ status: 429, retryAfterMs: seconds * 1000, effect: 'none' })
      expect(sent).toHaveLength(attempts)
    }
  })

  it.each([
    ['0', 0],
    ['-5', 0],
    ['soon', undefined],
    ['', undefined],
    ['1e3', undefined],
  ])('never comes back in a tight loop for Retry-After %j', async (header, retryAfterMs) => {
    const { rescind, sent } = scripted(() => refusal(429, { 'Retry-After': header }))
    const error = await faultOf(rescind.codes.send('a@b.example', { waitMs: 2_000 }))
    expect(sent.length).toBeLessThanOrEqual(9)
    expect(error.retryAfterMs).toBe(retryAfterMs)
  })

  it('understands a date', async () => {
    const at = new Date(Date.now() + 5_000).toUTCString()
    const { rescind } = scripted(() => refusal(429, { 'Retry-After': at }))
    const { retryAfterMs } = await faultOf(rescind.codes.send('a@b.example', { waitMs: 0 }))
    expect(retryAfterMs).toBeGreaterThan(3_500)
    expect(retryAfterMs).toBeLessThanOrEqual(5_000)
  })

  it('tells a code that is refused from a CSRF token that is missing', async () => {
    const answer = (faultstring: string) => () =>
      Response.json({ faultcode: 'Client', faultstring }, { status: 401, headers: { 'X-Request-Id': 'r' } })
    const code = scripted(answer('The password reset code is not valid for this e-mail address.'))
    const refused = await faultOf(code.rescind.codes.validate('a@b.example', 'CODE'))
    expect(refused).toBeInstanceOf(CodeRefusedError)
    expect(refused).toMatchObject({ name: 'CodeRefusedError', status: 401, code: 'Client', requestId: 'r' })
    const csrf = scripted(answer('The CSRF token is missing, invalid or expired.'))
    expect(await faultOf(csrf.rescind.codes.redeem('a@b.example', 'CODE'))).toBeInstanceOf(AuthorizationError)
  })

  it('takes no other answer for a code that is good', async () => {
    for (const body of [
      '',
      '[]',
      '{}',
      'true',
      '{"userName": "u"}',
      '{"userName": 1, "emailAddress": "a"}',
    ]) {
      const { rescind } = scripted(() => new Response(body))
      expect(await faultOf(rescind.codes.validate('a@b.example', 'CODE'))).toBeInstanceOf(AnswerError)
    }
    const { rescind } = scripted(() => Response.json({ userName: 'u', emailAddress: 'a', outcome: 'valid' }))
    expect(await faultOf(rescind.codes.redeem('a@b.example', 'CODE'))).toBeInstanceOf(AnswerError)
  })

  it('sends address and code in the body alone', async () => {
    const { rescind, sent } = scripted(() => Response.json({ userName: 'u', emailAddress: 'a' }))
    await rescind.codes.validate('a+b@example.com', 'K7QP-2XWM')
    expect(sent[0]?.url).toBe(`${BASE_URL}/api/passwordmanagement/validatePasswordResetCode`)
    expect(sent[0]?.body).toBe('emailAddress=a%2Bb%40example.com&passwordResetCode=K7QP-2XWM')
    expect(sent[0]?.headers['authorization']).toBeUndefined()
  })
})

describe('a token', () => {
  it('is used for many calls, and renewed before its end', async () => {
    const { rescind, sent } = scripted(voided)
    const bearers = () => new Set(sent.map(({ headers }) => headers['authorization'])).size
    await ended(rescind.codes.void(usersOf(6), { chunkSize: 1, concurrency: 1 }))
    expect([sent.length, bearers()]).toEqual([6, 1])
    await vi.advanceTimersByTimeAsync(14.5 * 60_000)
    await ended(rescind.codes.void(usersOf(1)))
    expect(bearers()).toBe(2)
  })

  it('is replaced once when it is not taken', async () => {
    const renewed = scripted((each, count) => (count === 1 ? refusal(401) : voided(each)))
    await vi.advanceTimersByTimeAsync(1_000)
    expect((await ended(renewed.rescind.codes.void(usersOf(1))))[0]?.outcome).toBe('voided')
    expect(renewed.sent).toHaveLength(2)
    const refused = scripted(() => refusal(401))
    const [result] = await ended(refused.rescind.codes.void(usersOf(1)))
    expect(result).toMatchObject({ outcome: 'failed', error: { name: 'AuthorizationError', status: 401 } })
    expect(refused.sent).toHaveLength(2)
  })
})

describe('an attempt', () => {
  it('is given up after its time', async () => {
    vi.useRealTimers()
    const { rescind } = scripted(() => new Promise(() => {}), { timeoutMs: 30 })
    const error = await rescind.codes.send('a@b.example').catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ConnectionError)
    expect(error).toMatchObject({ message: 'No answer within 30 ms.', effect: 'unknown' })
  })

  it('is given up after its time, or by its signal, while the body comes', async () => {
    vi.useRealTimers()
    const slow = () => new Response(new ReadableStream({ start: () => undefined }))
    const late = scripted(slow, { timeoutMs: 30 })
    await expect(late.rescind.codes.send('a@b.example')).rejects.toThrow('No answer within')
    const reason = new Error('enough')
    const { rescind } = scripted(slow)
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 30)
    await expect(rescind.codes.send('a@b.example', { signal: controller.signal })).rejects.toBe(reason)
  })

  it('is not made by a signal that was aborted before', async () => {
    const { rescind, sent } = scripted(voided)
    const signal = AbortSignal.abort('enough')
    await expect(rescind.codes.send('a@b.example', { signal })).rejects.toBe('enough')
    await expect(ended(rescind.codes.void(usersOf(3), { signal }))).rejects.toBe('enough')
    expect(sent).toEqual([])
  })
})
