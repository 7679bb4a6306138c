import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../src/local.ts'
import { HOOK_SECRET, HOOK_URL, JANE, playHook, withHook, type HookCall } from '../../rig/password-hook.ts'
import {
  AUTHENTICATE,
  bytesOf,
  codeForm,
  meter,
  passwordCall,
  userEvents,
  VALIDATE,
} from '../../rig/presenting.ts'
import {
  call,
  newRequest,
  newTenant,
  operatorToken,
  wrongCode,
  type Call,
  type Tenant,
} from '../../rig/service.ts'
import { storedCode, storedCodes } from '../../rig/stored-code.ts'

const PASSWORD = 'correct horse battery staple'

const authenticate = (tenant: Tenant, sent: Call) => call(`https://${tenant.host}${AUTHENTICATE}`, sent)
const reset = (tenant: Tenant, code: string) => authenticate(tenant, passwordCall(JANE, code, PASSWORD))
const accept = () => new Response(null, { status: 204 })
const refuse = (reason: unknown, status = 400) => Response.json({ reason }, { status })

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('a new password', () => {
  it.each([
    'application/json',
    'application/vnd.soa.v71+json',
    'application/vnd.soa.v72+json',
    'application/vnd.soa.v80+json',
    'application/vnd.soa.v81+json; charset=UTF-8',
    'application/x-www-form-urlencoded',
  ])('sent as %s is handed to the hook, and the code is redeemed', async (type) => {
    const { tenant, code } = await withHook()
    const calls = playHook(accept)
    const sent = { ...passwordCall(JANE, code), headers: { 'Content-Type': type } }
    const response = await authenticate(tenant, sent)
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(await response.json()).toStrictEqual({ userName: 'JaneSaoirse', emailAddress: JANE })
    expect(calls).toHaveLength(1)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'redeemed', failures: 0 })
    expect((await tenant.validate(JANE, code)).status).toBe(401)
    expect((await reset(tenant, code)).status).toBe(401)
    expect(calls).toHaveLength(1)
  })

  it('reaches the hook signed as Standard Webhooks, with an id, a deadline and no redirect', async () => {
    const { tenant, janeId, code } = await withHook()
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    const calls = playHook(accept)
    expect((await reset(tenant, code)).status).toBe(200)
    const [{ url, method, redirect, headers, payload }] = calls as [HookCall]
    expect({ url, method, redirect }).toEqual({ url: HOOK_URL, method: 'POST', redirect: 'manual' })
    expect(headers.get('Content-Type')).toBe('application/json')
    expect(headers.get('Webhook-Id')).toMatch(/^[\w-]{43}$/)
    expect(timeout.mock.calls).toEqual([[5_000]])
    const user = { id: janeId, userName: 'JaneSaoirse', emailAddress: JANE }
    expect(payload).toStrictEqual({
      type: 'password.reset',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      data: { user, newPassword: PASSWORD },
    })
  })

  it('costs two round trips to the database, one to the limiter and one notice', async () => {
    const { tenant, code } = await withHook()
    await tenant.validate('nobody@example.com', 'x')
    playHook(() => new Response(null, { status: 500 }))
    const right = passwordCall(JANE, code)
    expect(await meter(tenant, AUTHENTICATE, right)).toMatchObject({
      status: 503,
      trips: 2,
      objects: 1,
      queued: 0,
    })
    playHook(accept)
    expect(await meter(tenant, AUTHENTICATE, right)).toMatchObject({
      status: 200,
      trips: 2,
      objects: 1,
      queued: 1,
    })
    expect(await meter(tenant, AUTHENTICATE, right)).toMatchObject({
      status: 401,
      trips: 1,
      objects: 1,
      queued: 0,
    })
  })

  it('is told of by policy only', async () => {
    playHook(accept)
    for (const policy of [{ notify: { redeemed: false } }, { mail: {} }]) {
      const { tenant, code } = await withHook(policy)
      const answer = await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))
      expect(answer).toMatchObject({ status: 200, queued: 0 })
    }
  })

  it('D4: is in no table and no line of the log, whatever the hook says', async () => {
    const lines = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(console, level),
    )
    const { tenant, code } = await withHook()
    const answers = [
      () => refuse(`${PASSWORD} is weak`),
      () => new Response(PASSWORD, { status: 500 }),
      () => Promise.reject(new TypeError(`lost: ${PASSWORD}`)),
      accept,
    ]
    const expected = [400, 503, 503, 200]
    playHook(() => (answers.shift() ?? accept)())
    const statuses = []
    for (const _ of expected) statuses.push((await reset(tenant, code)).status)
    expect(statuses).toEqual(expected)
    const logged = JSON.stringify(lines.flatMap(({ mock }) => mock.calls))
    expect(logged).toContain('hook-refused')
    const stored = await dump()
    expect(stored).toContain('hook-refused')
    for (const text of [logged, stored]) {
      expect(text).not.toContain('battery')
      expect(text).not.toContain(code)
    }
    expect(logged).not.toContain(JANE)
  })

  it.each<[string, object]>([
    ['no address', { Email: undefined }],
    ['no code', { PasswordResetCode: undefined }],
    ['no password', { NewPassword: undefined }],
    ['an empty password', { NewPassword: '' }],
    ['a list of addresses', { Email: [JANE, 'x@example.com'] }],
    ['a number for a code', { PasswordResetCode: 12345678 }],
    ['null for a password', { NewPassword: null }],
    ['a password too long', { NewPassword: 'p'.repeat(1_025) }],
  ])('E1: with %s is a 400 that spends nothing', async (_, change) => {
    const { tenant, code } = await withHook()
    const calls = playHook(accept)
    const before = await storedCodes(tenant.id)
    const body = { Email: JANE, PasswordResetCode: wrongCode(code), NewPassword: PASSWORD, ...change }
    const response = await authenticate(tenant, { body })
    expect(response.status).toBe(400)
    const faultstring = expect.stringMatching(/^(Email|PasswordResetCode|NewPassword) is (required|over)/)
    expect(await response.json()).toStrictEqual({ faultcode: 'Client', faultstring })
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect(calls).toEqual([])
  })

  it.each([
    '',
    '[]',
    '"x"',
    '{"Email":',
    `{"Email":"${JANE}","Email":"x@example.com"}`,
    'Email=a&NewPassword=b',
  ])('in a body that is no JSON object is a 400: %s', async (body) => {
    const { tenant } = await withHook()
    const response = await authenticate(tenant, { body, headers: { 'Content-Type': 'application/json' } })
    expect(response.status).toBe(400)
  })

  it('of 1,024 characters is taken', async () => {
    const { tenant, code } = await withHook()
    const calls = playHook(accept)
    const response = await authenticate(tenant, passwordCall(JANE, code, 'p'.repeat(1_024)))
    expect(response.status).toBe(200)
    expect(calls).toMatchObject([{ payload: { data: { newPassword: 'p'.repeat(1_024) } } }])
  })

  it('R1: is set once the hook has said so, also when the rest of its answer is lost', async () => {
    const { tenant, code } = await withHook()
    playHook(() => {
      const lost = new ReadableStream({ pull: (controller) => controller.error(new Error('reset by peer')) })
      return new Response(lost, { status: 200 })
    })
    expect((await reset(tenant, code)).status).toBe(200)
    expect((await reset(tenant, code)).status).toBe(401)
  })

  it('R1: is settled also when the caller has hung up meanwhile', async () => {
    const { tenant, code } = await withHook()
    const hook = Promise.withResolvers<Response>()
    const asked = Promise.withResolvers<void>()
    playHook(() => {
      asked.resolve()
      return hook.promise
    })
    const context = createExecutionContext()
    const request = newRequest(`https://${tenant.host}${AUTHENTICATE}`, passwordCall(JANE, code))
    // Nobody waits for this answer: what is left to do must be registered with the runtime.
    const abandoned = app.fetch(request, env, context)
    await asked.promise
    hook.resolve(accept())
    await waitOnExecutionContext(context)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'redeemed' })
    await abandoned
  })

  it.each([undefined, { kind: 'grant', audience: 'x' }])(
    'without a hook is 501, says what to configure, and spends nothing: %o',
    async (redeem) => {
      const { tenant, code } = await withHook({ redeem })
      const before = await storedCodes(tenant.id)
      for (const presented of [code, wrongCode(code)]) {
        const response = await reset(tenant, presented)
        expect(response.status).toBe(501)
        expect(await response.json()).toStrictEqual({
          faultcode: 'Server',
          faultstring: expect.stringMatching(/policy\.redeem.*"kind": "hook".*"url".*"secret"/),
        })
      }
      expect(await storedCodes(tenant.id)).toEqual(before)
    },
  )
})

describe('a hook that does not set the password', () => {
  /** What a failed reset leaves behind: no attempt, no failure, and a code as good as before. */
  async function expectUntouched(tenant: Tenant, code: string) {
    expect(await storedCode(tenant.id, JANE)).toMatchObject({
      attempts: 0,
      failures: 0,
      ended_as: null,
      reservation_id: null,
      reserved_until: null,
    })
    expect((await tenant.validate(JANE, code)).status).toBe(200)
    playHook(accept)
    expect((await reset(tenant, code)).status).toBe(200)
  }

  it.each<[string, string, string]>([
    ['as it is', 'Too short: 12 characters at least.', 'Too short: 12 characters at least.'],
    ['without control characters', '\r\nToo\u0000\u001b[31m short\u0085!\t', 'Too [31m short !'],
    ['cut to 300 characters', 'x'.repeat(1_000), 'x'.repeat(300)],
  ])('R5: its reason comes back %s, and burns nothing', async (_, reason, shown) => {
    const { tenant, code } = await withHook()
    playHook(() => refuse(reason, 422))
    const response = await reset(tenant, code)
    expect(response.status).toBe(400)
    expect(await response.json()).toStrictEqual({ faultcode: 'Client', faultstring: shown })
    expect(await userEvents(tenant)).toContain('redeem-failed hook-refused x1')
    await expectUntouched(tenant, code)
  })

  it.each<[string, () => Response]>([
    ['a 4xx with no body', () => new Response(null, { status: 400 })],
    ['a 4xx with no reason', () => Response.json({ error: 'x' }, { status: 422 })],
    ['a 4xx with an empty reason', () => refuse(' \n ')],
    ['a 4xx with a reason that is no string', () => refuse({ text: 'x' })],
    ['a 4xx with a list', () => Response.json(['reason'], { status: 400 })],
    ['a 4xx with no JSON', () => new Response('reason: weak', { status: 400 })],
    ['a 4xx with a body too long to read', () => refuse('x'.repeat(100_000))],
    ['a 5xx with a reason', () => refuse('Not you, us.', 500)],
    ['a redirect', () => Response.redirect('https://other.example.com/', 307)],
    ['a network error', () => Response.error()],
  ])('R5: %s is 503, not followed, and burns nothing', async (_, answer) => {
    const { tenant, code } = await withHook()
    const calls = playHook(() => {
      const response = answer()
      if (response.type === 'error') throw new TypeError('Network connection lost.')
      return response
    })
    await expect503(await reset(tenant, code))
    expect(calls).toHaveLength(1)
    await expectUntouched(tenant, code)
  })

  it('R5: no answer within the deadline is 503, and burns nothing', async () => {
    const { tenant, code } = await withHook()
    const deadline = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal)
    playHook(({ signal }) => {
      const ended = new Promise<Response>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
      deadline.abort(new DOMException('The operation timed out', 'TimeoutError'))
      return ended
    })
    await expect503(await reset(tenant, code))
    vi.restoreAllMocks()
    await expectUntouched(tenant, code)
  })

  async function expect503(response: Response) {
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('5')
    expect(await response.json()).toStrictEqual({
      faultcode: 'Server',
      faultstring: 'The password could not be set. The code is still good: try again.',
    })
  }
})

describe('where a hook may be', () => {
  const PRODUCTION = { BASE_URL: 'https://reset.example.com' }

  it.each(['http://localhost:9', 'http://127.0.0.1:9', 'https://localhost', 'https://127.0.0.1'])(
    'on this machine it is called in local runs alone: %s',
    async (url) => {
      const { tenant, code } = await withHook({ redeem: { kind: 'hook', url, secret: HOOK_SECRET } })
      const calls = playHook(accept)
      const sent = passwordCall(JANE, code)
      expect(await meter(tenant, AUTHENTICATE, sent, PRODUCTION)).toMatchObject({ status: 503 })
      expect(calls).toEqual([])
      expect(await meter(tenant, AUTHENTICATE, sent)).toMatchObject({ status: 200 })
      expect(calls).toHaveLength(1)
    },
  )

  it('on the internet it is called in production', async () => {
    const { tenant, code } = await withHook()
    const calls = playHook(accept)
    expect(await meter(tenant, AUTHENTICATE, passwordCall(JANE, code), PRODUCTION)).toMatchObject({
      status: 200,
    })
    expect(calls).toHaveLength(1)
  })

  it.each([
    'http://example.com',
    'http://localhost',
    'https://localhost',
    'https://127.0.0.1',
    'https://2130706433',
    'https://0x7f.1',
    'https://10.0.0.1',
    'https://172.16.0.1',
    'https://192.168.1.1',
    'https://169.254.169.254',
    'https://100.64.0.1',
    'https://0.0.0.0',
    'https://[::1]',
    'https://[::]',
    'https://[fd00::1]',
    'https://[fe80::1]',
    'https://[::ffff:10.0.0.1]',
    'https://[::ffff:127.0.0.1]',
  ])('in production no policy names %s', async (url) => {
    const token = await operatorToken({ aud: `${PRODUCTION.BASE_URL}/operator` })
    const body = { name: 'x', hosts: [], policy: { redeem: { kind: 'hook', url, secret: HOOK_SECRET } } }
    const path = `${PRODUCTION.BASE_URL}/operator/v1/tenants/t-${crypto.randomUUID()}`
    const put = async (sent: object) =>
      app.fetch(newRequest(path, { method: 'PUT', token, body: sent }), { ...env, ...PRODUCTION })
    expect((await put(body)).status).toBe(400)
    expect((await put({ ...body, policy: {} })).status).toBe(201)
  })
})

describe('a refusal', () => {
  it('N1: is that of validate to the byte, and calls no hook', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant, code } = await withHook()
    const elsewhere = await newTenant()
    await elsewhere.addUser(JANE)
    const calls = playHook(accept)
    const codes: Record<string, string> = {}
    for (const name of ['voided', 'redeemed']) {
      await tenant.addUser(`${name}@example.com`)
      codes[name] = await tenant.newCode(`${name}@example.com`)
    }
    await tenant.void(['voided@example.com'])
    await authenticate(tenant, passwordCall('redeemed@example.com', codes['redeemed'] ?? ''))
    expect(calls).toHaveLength(1)
    const answers = new Set<string>()
    // The wrong code before a request is charged with it: it is so for each of them.
    await meter(tenant, VALIDATE, codeForm('nobody@example.com', code))
    for (const [email, presented] of [
      [JANE, wrongCode(code)],
      [JANE, await elsewhere.newCode(JANE)],
      ['nobody@example.com', code],
      ['no address', code],
      ...Object.entries(codes).map(([name, each]) => [`${name}@example.com`, each] as const),
    ] as const) {
      for (const [path, sent] of [
        [VALIDATE, codeForm(email, presented)],
        [AUTHENTICATE, passwordCall(email, presented)],
      ] as const) {
        vi.setSystemTime(Date.now() + 1000)
        answers.add(await bytesOf(await call(`https://${tenant.host}${path}`, sent)))
      }
    }
    expect([...answers].map((answer) => (JSON.parse(answer) as unknown[])[0])).toEqual([401])
    expect(calls).toHaveLength(1)
  })

  it('G1, G4: counts like a refused validate, and after the cap the right code fails too', async () => {
    const { tenant, code } = await withHook({ code: { attemptsMax: 4 } })
    const calls = playHook(accept)
    for (let guess = 0; guess < 2; guess++) {
      expect((await reset(tenant, wrongCode(code))).status).toBe(401)
      expect((await tenant.validate(JANE, wrongCode(code))).status).toBe(401)
    }
    expect((await reset(tenant, code)).status).toBe(401)
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ failures: 4, ended_as: 'locked' })
    expect(calls).toEqual([])
  })
})

/** Everything in the database, as text. */
async function dump(): Promise<string> {
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
  ).all<{ name: string }>()
  const rows = await env.DB.batch(tables.results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`)))
  return JSON.stringify(rows.map(({ results }) => results))
}
