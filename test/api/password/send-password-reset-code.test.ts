import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { parseList } from 'structured-headers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../src/local.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { ask, handle, heldQueue, requestHeld } from '../../rig/deliveries.ts'
import { newMailHook } from '../../rig/mail-hook.ts'
import { patch } from '../../rig/scim.ts'
import {
  call,
  newRequest,
  newTenant,
  NO_LIMITS,
  SEND,
  sendCall,
  type Call,
  type Tenant,
} from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

const USER = 'user1@example.com'
const NOBODY = 'nobody@example.com'
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8' }
const QUERY = '?emailAddress=user1%40example.com'
const FIELD = 'emailAddress=user1%40example.com'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2027, 0, 1) })
})
afterEach(() => {
  vi.useRealTimers()
})

const later = (ms: number) => vi.setSystemTime(Date.now() + ms)
const sendUrl = ({ host }: Tenant) => `https://${host}${SEND}`

/** A tenant with a mail hook. */
async function newMailed({ policy = {}, users = 1 }: { policy?: object; users?: number } = {}) {
  const hook = newMailHook()
  return { hook, tenant: await newTenant({ policy: { ...hook.policy, ...policy }, users }) }
}

/** An answer, whole but for its request id. */
async function wholeOf(response: Response): Promise<string> {
  const headers = [...response.headers].filter(([header]) => header !== 'x-request-id')
  return JSON.stringify([response.status, headers, await response.text()])
}

describe('a request for a code', () => {
  it.each<[string, string, Call]>([
    ['a form', '', { body: FIELD, headers: FORM }],
    ['the query', QUERY, { headers: FORM }],
    ['the query without a content type', QUERY, {}],
    ['both', QUERY, { body: FIELD, headers: FORM }],
    ['JSON', '', { body: { emailAddress: USER } }],
    ['JSON by the vendor’s other name', '', { body: { Email: USER } }],
  ])('is taken from %s, and answered by 200 and nothing', async (_, query, options) => {
    const { hook, tenant } = await newMailed()
    const response = await call(`${sendUrl(tenant)}${query}`, options)
    expect([response.status, await response.text()]).toEqual([200, ''])
    await vi.waitFor(() => expect(hook.mails).toHaveLength(1), { timeout: 10_000 })
    expect(hook.mails).toMatchObject([{ to: USER, type: 'reset-code.issued', mode: 'PASSWORD_RESET' }])
    expect((await tenant.validate(USER, hook.mails[0]?.code ?? '')).status).toBe(200)
  })

  it.each<[string, Call, RegExp]>([
    ['no address', { headers: FORM }, /emailAddress is required/],
    ['an empty address', { body: 'emailAddress=', headers: FORM }, /emailAddress is required/],
    ['another media type', { body: FIELD, headers: { 'Content-Type': 'text/plain' } }, /form-urlencoded/],
  ])('with %s is refused with a sentence', async (_, options, sentence) => {
    const { tenant } = await newMailed()
    const { response, calls } = await requestHeld(sendUrl(tenant), options)
    expect([response.ok, calls]).toEqual([false, 0])
    expect(await response.json()).toEqual({
      faultcode: 'Client',
      faultstring: expect.stringMatching(sentence),
    })
  })
})

describe('who has an account', () => {
  /** Addresses in every state that an account or its code can be in. */
  async function everyState(tenant: Tenant): Promise<string[]> {
    const states = 'fresh,live,voided,redeemed,expired,locked,disabled,deleted'.split(',')
    const addressOf = (state: string) => `${state}@example.com`
    const ids = new Map<string, string>()
    for (const state of states) ids.set(state, await tenant.addUser(addressOf(state)))
    const options = { code_validity: '10', validity_time_duration_unit: 'MIN' }
    await tenant.generate([addressOf('expired')], options)
    later(600_000)
    const redeemed = await tenant.newCode(addressOf('redeemed'))
    for (const state of ['live', 'voided', 'locked', 'disabled', 'deleted']) {
      await tenant.newCode(addressOf(state))
    }
    await tenant.void([addressOf('voided')])
    for (let guess = 0; guess < 5; guess++) await tenant.validate(addressOf('locked'), 'wrong')
    const body = { emailAddress: addressOf('redeemed'), passwordResetCode: redeemed }
    const redeem = await call(sendUrl(tenant).replace('sendP', 'redeemP'), { body })
    expect(redeem.status).toBe(200)
    await patch(tenant, ids.get('disabled') ?? '', { op: 'replace', value: { active: false } })
    await tenant.scim('DELETE', `/Users/${ids.get('deleted')}`)
    const strangers = [
      'unknown@example.com',
      'no address',
      'a@example.com,b@example.com',
      'ｆresh@example.com',
    ]
    return [...states.map(addressOf), ...strangers]
  }

  it('N1: is told by no answer, nor by the limits or their headers, nor by repeating', async () => {
    const { tenant } = await newMailed({
      policy: { code: { ttlMinutes: 1440 }, redeem: { kind: 'grant', audience: 'https://app.example' } },
      users: 0,
    })
    const addresses = await everyState(tenant)
    const answers = new Map<string, string[]>()
    for (const address of addresses) {
      const sequence: string[] = []
      for (const pauseMs of [0, 1_000, 58_000, 1_000, 60_000, 1, 60_000, 60_000, 60_000]) {
        later(pauseMs)
        const { response } = await requestHeld(sendUrl(tenant), sendCall(address))
        sequence.push(await wholeOf(response))
      }
      const key = sequence.join('\n')
      answers.set(key, [...(answers.get(key) ?? []), address])
    }
    expect([...answers.values()]).toEqual([addresses])
    const statuses = [...answers.keys()][0]?.split('\n').map((answer) => (JSON.parse(answer) as unknown[])[0])
    expect(statuses).toEqual([200, 429, 429, 200, 200, 429, 200, 200, 429])
  })

  it.each([USER, NOBODY, 'no address'])(
    'N1, N2: %s costs no trip to the database, one Durable Object call and one queue call',
    async (address) => {
      const { tenant } = await newMailed({ policy: NO_LIMITS })
      // The isolate learns the tenant.
      await ask(tenant, 'someone@example.com')
      const db = countingD1(env.DB)
      const held = heldQueue()
      let objects = 0
      const limiter = {
        getByName: (name: string) => {
          objects += 1
          return env.TENANT_LIMITER.getByName(name)
        },
      }
      const bindings = { DB: db, DELIVERIES: held, TENANT_LIMITER: limiter } as unknown as Env
      const context = createExecutionContext()
      const request = newRequest(sendUrl(tenant), sendCall(address))
      const { status } = await app.fetch(request, { ...env, ...bindings }, context)
      await waitOnExecutionContext(context)
      const costs = { status, trips: db.trips, objects, queueCalls: held.calls }
      expect(costs).toEqual({ status: 200, trips: 0, objects: 1, queueCalls: 1 })
    },
  )
})

describe('the limits of a recipient', () => {
  it.each([USER, NOBODY])(
    'of %s: one in 60 s, five at a stretch, and a true Retry-After',
    async (address) => {
      const tenant = await newTenant({ users: 1 })
      const outcomes: [number, string | null][] = []
      const send = async (pauseMs = 0) => {
        later(pauseMs)
        const { status, headers } = await tenant.send(address)
        outcomes.push([status, headers.get('Retry-After')])
      }
      await send()
      await send(1)
      await send(59_998)
      for (let time = 0; time < 4; time++) await send(time === 0 ? 1 : 60_000)
      // Four minutes after the first, the hour's five are spent; one comes back every 12 minutes.
      await send(60_000)
      await send(419_999)
      await send(1)
      expect(outcomes).toEqual([
        [200, null],
        [429, '60'],
        [429, '1'],
        [200, null],
        [200, null],
        [200, null],
        [200, null],
        [429, '420'],
        [429, '1'],
        [200, null],
      ])
    },
  )

  it('L3: are three items in each header, which parse as structured fields', async () => {
    const tenant = await newTenant({ users: 1 })
    const answers = [await tenant.send(USER), await tenant.send(USER)]
    const [admitted, limited] = answers.map(({ headers }) =>
      ['RateLimit-Policy', 'RateLimit'].map((name) =>
        parseList(headers.get(name) ?? '').map(([bucket, of]) => [bucket, Object.fromEntries(of)]),
      ),
    )
    const policy = [
      ['send', { q: 60, w: 6 }],
      ['recipient', { q: 1, w: 60 }],
      ['recipient-hour', { q: 5, w: 3600 }],
    ]
    const remainder = [
      ['send', { r: 59, t: 1 }],
      ['recipient', { r: 0, t: 60 }],
      ['recipient-hour', { r: 4, t: 720 }],
    ]
    // What was refused cost nothing, in any of the three.
    expect([admitted, limited]).toEqual([
      [policy, remainder],
      [policy, remainder],
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 429])
  })

  it('count every spelling of one address, and no other tenant’s (E3)', async () => {
    const [tenant, other] = [await newTenant({ users: 1 }), await newTenant({ users: 1 })]
    const answers: number[] = []
    for (const address of [USER, 'USER1@example.com', ' user1@EXAMPLE.com ', 'User1@Example.Com']) {
      answers.push((await tenant.send(address)).status)
    }
    expect([...answers, (await other.send(USER)).status]).toEqual([200, 429, 429, 429, 200])
  })

  it('admit one of many parallel requests', async () => {
    const tenant = await newTenant({ users: 1 })
    const answers = await Promise.all(Array.from({ length: 20 }, () => tenant.send(USER)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('R8: a send that is limited or refused leaves the live code alive', async () => {
    const { hook, tenant } = await newMailed({ users: 2 })
    await handle([await ask(tenant, USER)])
    const code = hook.mails[0]?.code ?? ''
    const refused: unknown[] = []
    for (const [query, options] of [
      ['', sendCall(USER)],
      ['', sendCall(' USER1@example.com')],
      [QUERY, { ...sendCall(NOBODY) }],
      ['', { body: { emailAddress: [USER] } }],
    ] as const) {
      const { response, calls } = await requestHeld(`${sendUrl(tenant)}${query}`, options)
      refused.push([response.status, calls])
    }
    expect(refused).toEqual([
      [429, 0],
      [429, 0],
      [400, 0],
      [400, 0],
    ])
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })
})

describe('one address per request', () => {
  const other = 'user2%40example.com'

  it.each<[string, string, Call]>([
    ['a list in JSON', '', { body: { emailAddress: [USER, 'user2@example.com'] } }],
    ['an object in JSON', '', { body: { emailAddress: { 0: USER } } }],
    ['two members in JSON', '', { body: { emailAddress: USER, Email: 'user2@example.com' } }],
    ['a member twice', '', { body: `{"emailAddress":"${USER}","emailAddress":"user2@example.com"}` }],
    ['a repeated field', '', { body: `${FIELD}&emailAddress=${other}`, headers: FORM }],
    ['the same field twice', '', { body: `${FIELD}&${FIELD}`, headers: FORM }],
    ['a repeated parameter', `${QUERY}&emailAddress=${other}`, {}],
    ['another in the query than in the form', QUERY, { body: `emailAddress=${other}`, headers: FORM }],
    ['another in the query than in JSON', QUERY, { body: { Email: 'user2@example.com' } }],
  ])('E1: %s is refused, and nothing is queued', async (_, query, options) => {
    const { tenant } = await newMailed({ policy: NO_LIMITS, users: 2 })
    const json = typeof options.body === 'string' && options.headers === undefined
    const headers = json ? { 'Content-Type': 'application/json' } : options.headers
    const asked = { ...options, ...(headers && { headers }) }
    const { response, calls } = await requestHeld(`${sendUrl(tenant)}${query}`, asked)
    expect([response.status, calls]).toEqual([400, 0])
  })

  it('E1: lists and injected headers are nobody’s address: 200, and no mail to anyone', async () => {
    const { hook, tenant } = await newMailed({
      policy: { ...NO_LIMITS, unknownAddress: 'notify' },
      users: 2,
    })
    for (const address of [
      'user1@example.com,user2@example.com',
      'user1@example.com;user2@example.com',
      'user1@example.com user2@example.com',
      'user1@example.com\r\nBcc: user2@example.com',
      'user1@example.com\nBcc:user2@example.com',
      'user1@example.com\0',
      '"user1"@example.com',
      'User <user1@example.com>',
      'user1@example.com@evil.example',
      'user1@evil.example@example.com',
      'user1%40example.com',
      'mailto:user1@example.com',
      '[{"a":1}]',
    ]) {
      const message = await ask(tenant, address)
      expect([address, await handle([message])]).toEqual([address, ['ack']])
    }
    // `emailAddress[]` is the name of another field.
    const { response } = await requestHeld(sendUrl(tenant), { body: `emailAddress[]=${USER}`, headers: FORM })
    expect(response.status).toBe(400)
    expect(hook.calls).toEqual([])
  })

  it('E1: mail goes to the stored address, however the request spells it', async () => {
    const { hook, tenant } = await newMailed({ policy: NO_LIMITS, users: 0 })
    await tenant.addUser('Jane.Doe@Example.com')
    for (const spelling of ['JANE.DOE@EXAMPLE.COM', ' jane.doe@example.com ', 'Jane.Doe@Example.com']) {
      await handle([await ask(tenant, spelling)])
      later(1_000)
    }
    expect(hook.mails.map(({ to }) => to)).toEqual(Array(3).fill('Jane.Doe@Example.com'))
  })
})

describe('looking', () => {
  it('R10: GET, HEAD and OPTIONS send nothing, spend nothing and end nothing', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const before = await storedCode(tenant.id, USER)
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const { response, calls } = await requestHeld(`${sendUrl(tenant)}${QUERY}`, { method })
      expect([method, response.status, response.headers.get('Allow'), calls]).toEqual([
        method,
        405,
        'POST',
        0,
      ])
      expect(response.headers.get('RateLimit')).toBeNull()
    }
    expect(await storedCode(tenant.id, USER)).toEqual(before)
    expect((await tenant.validate(USER, code)).status).toBe(200)
    const response = await tenant.send(USER)
    expect([response.status, response.headers.get('RateLimit')]).toEqual([
      200,
      expect.stringMatching(/^"send";r=59;/),
    ])
  })
})
