import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LogEvent } from '../../src/log.ts'
import { ask, handle, requestHeld } from '../rig/deliveries.ts'
import { fillDatabase } from '../rig/fail-writes.ts'
import { newMailHook } from '../rig/mail-hook.ts'
import { JANE, playHook, withHook } from '../rig/password-hook.ts'
import {
  AUTHENTICATE,
  codeForm,
  meter,
  passwordCall,
  REDEEM,
  userEvents,
  VALIDATE,
} from '../rig/presenting.ts'
import { patch } from '../rig/scim.ts'
import { newTenant, NO_LIMITS, SEND, sendCall, type GenerateResult } from '../rig/service.ts'
import { storedCode } from '../rig/stored-code.ts'

const [ONE, TWO] = ['user1@example.com', 'user2@example.com']
const GRANT = { redeem: { kind: 'grant', audience: 'https://app.example.com' } }

const brokenQueue = {
  send: () => Promise.reject(new Error('the queue is gone')),
  sendBatch: () => Promise.reject(new Error('the queue is gone')),
} as unknown as Queue

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** The database, failing from its nth batch on. */
function failingFrom(nth: number): D1Database {
  let batches = 0
  return {
    prepare: (query: string) => env.DB.prepare(query),
    batch: (statements: D1PreparedStatement[]) => {
      batches += 1
      if (batches >= nth) return Promise.reject(new Error('D1_ERROR: Network connection lost.'))
      return env.DB.batch(statements)
    },
  } as unknown as D1Database
}

describe('a queue that fails', () => {
  it('D2: answers a send with 503 and Retry-After', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const { response } = await requestHeld(`https://${tenant.host}${SEND}`, sendCall(ONE), {
      DELIVERIES: brokenQueue,
    })
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
  })

  it('I4: does not keep the codes to be shown from their answer', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, mail: { from: 'a@example.com' } }, users: 2 })
    const body = [{ email: ONE }, { email: TWO, code_send_to: 'EMAIL' }]
    const path = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'
    const call = { token: await tenant.token(), body }
    const answer = await meter(tenant, path, call, { DELIVERIES: brokenQueue })
    const [shown, mailed] = JSON.parse(answer.body) as GenerateResult[]
    expect(shown?.status).toBe(1000)
    expect((await tenant.validate(ONE, shown?.verify_code ?? '')).status).toBe(200)
    expect(mailed).toMatchObject({
      status: 1006,
      errorMessage: expect.stringContaining('generate a new one'),
    })
    expect(mailed).not.toHaveProperty('verify_code')
  })

  it('R1: loses the notice of a redeem, says so in the log, and nothing else', async () => {
    const policy = { ...NO_LIMITS, ...GRANT, mail: { from: 'a@example.com' } }
    const tenant = await newTenant({ policy, users: 1 })
    const code = await tenant.newCode(ONE)
    const log = vi.spyOn(console, 'log')
    const { status } = await meter(tenant, REDEEM, codeForm(ONE, code), { DELIVERIES: brokenQueue })
    expect(status).toBe(200)
    const events = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>)
    expect(events).toContainEqual(expect.objectContaining({ event: 'notice-lost', tenantId: tenant.id }))
  })
})

/** How a full store reads: of D1 and of an account in production, of SQLite, and of a local D1's disk. */
const FULL = [
  'D1_ERROR: Exceeded maximum DB size',
  "D1_ERROR: Your account has exceeded D1's maximum account storage limit",
  'D1_ERROR: database or disk is full: SQLITE_FULL',
  'internal error; reference = 167e02lvpt3t6t2t6m7459f3',
]

describe('a full database', () => {
  const VOID = '/AdminInterface/restapi/v1/users/voidVerifyCode'

  it.each(FULL)('D2: that says %j answers 503 and Retry-After, and the log names it', async (message) => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const fail = () => Promise.reject(new Error(message, { cause: new Error(message) }))
    const statement = { bind: () => statement, run: fail, all: fail, raw: fail, first: fail }
    const DB = { prepare: () => statement, batch: fail } as unknown as D1Database
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: [ONE] }
    const token = await tenant.token('super-admin')
    // The key and the tenant are known to this isolate by now, so that it is the call itself that fails.
    await tenant.void([ONE])
    await tenant.scim('GET', '/Users')
    const log = vi.spyOn(console, 'log')
    for (const [path, call] of [
      [VOID, { token, body }],
      ['/scim/v2/Users', { token, body: { userName: 'new@example.com' } }],
      [VALIDATE, codeForm(ONE, 'x')],
    ] as const) {
      const { response } = await requestHeld(`https://${tenant.host}${path}`, call, { DB })
      expect([path, response.status, response.headers.get('Retry-After')]).toEqual([path, 503, '1'])
      expect(await response.text()).toContain('The service cannot reach its store. Try again.')
    }
    const faults = log.mock.calls.map(([line]) => (JSON.parse(String(line)) as LogEvent).fault)
    expect(faults).toHaveLength(3)
    for (const fault of faults) expect(fault).toMatch(/^\w+ (?:D1_ERROR(?: SQLITE_FULL)?|internal error)$/)
  })

  it('D2: by the word of SQLite itself changes nothing, and answers 503', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const code = await tenant.newCode(ONE)
    const repair = await fillDatabase(tenant)
    const log = vi.spyOn(console, 'log')
    const body = [{ email: ONE }]
    const refused = await tenant.admin('/users/generateVerifyCode/resetPassword', body)
    expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '1'])
    expect(String(log.mock.calls)).toContain('"fault":"Error D1_ERROR SQLITE_FULL"')
    await repair()
    expect((await tenant.validate(ONE, code)).status).toBe(200)
  })
})

describe('a hook that has set the password', () => {
  it('R1: redeems the code, also when the database cannot be told at once', async () => {
    const { tenant, janeId, code } = await withHook()
    const hooked = playHook(() => new Response(null, { status: 204 }))
    const queued: unknown[] = []
    const DELIVERIES = { send: async (body: unknown) => queued.push(body) } as unknown as Queue
    const bindings = { DB: failingFrom(2), DELIVERIES }
    expect((await meter(tenant, AUTHENTICATE, passwordCall(JANE, code), bindings)).status).toBe(200)
    // The reservation lapses before the queue is handled, and another redeem is under way.
    vi.setSystemTime(Date.now() + 31_000)
    expect(await handle(queued)).toEqual(['ack', 'ack'])
    expect(await storedCode(tenant.id, JANE)).toMatchObject({ ended_as: 'redeemed', user_id: janeId })
    expect(await handle(queued.slice(0, 1))).toEqual(['ack'])
    expect(await userEvents(tenant)).toEqual(['redeemed hook x1', 'validated x1'])
    expect((await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))).status).toBe(401)
    expect(hooked).toHaveLength(1)
  })
})

describe('a grant that cannot be signed', () => {
  it('R1: leaves the code as it was', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT }, users: 1 })
    const code = await tenant.newCode(ONE)
    const [key] = JSON.parse(env.RESET_GRANT_KEYS) as object[]
    const broken = JSON.stringify([{ ...key, x: 'A'.repeat(43) }])
    const call = codeForm(ONE, code)
    expect((await meter(tenant, REDEEM, call, { RESET_GRANT_KEYS: broken })).status).toBe(500)
    expect((await meter(tenant, REDEEM, call)).status).toBe(200)
  })
})

describe('what was asked for before', () => {
  const newMailed = async () => {
    const hook = newMailHook()
    const quiet = { notify: { redeemed: false, voided: false, issued: false } }
    const tenant = await newTenant({ policy: { ...NO_LIMITS, ...GRANT, ...quiet, ...hook.policy } })
    return { hook, tenant, id: await tenant.addUser(ONE) }
  }

  it('R2: a redeem is not mailed after it', async () => {
    const { hook, tenant } = await newMailed()
    const code = await tenant.newCode(ONE)
    vi.setSystemTime(Date.now() + 1_000)
    const message = await ask(tenant, ONE)
    vi.setSystemTime(Date.now() + 1_000)
    expect((await meter(tenant, REDEEM, codeForm(ONE, code))).status).toBe(200)
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.mails).toEqual([])
  })

  it('R11: a disable is not mailed after it, though the user is enabled again', async () => {
    const { hook, tenant, id } = await newMailed()
    const message = await ask(tenant, ONE)
    vi.setSystemTime(Date.now() + 1_000)
    for (const active of [false, true]) await patch(tenant, id, { op: 'replace', value: { active } })
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.mails).toEqual([])
  })

  it('R7: a code whose time has passed on the way is neither issued nor mailed, and supersedes none', async () => {
    const { hook, tenant } = await newMailed()
    const message = await ask(tenant, ONE)
    vi.setSystemTime(Date.now() + 600_000)
    const code = await tenant.newCode(ONE)
    expect(await handle([message])).toEqual(['ack'])
    expect(hook.mails).toEqual([])
    expect((await tenant.validate(ONE, code)).status).toBe(200)
  })
})
