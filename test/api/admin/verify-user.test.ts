import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { accessToken, addClient, clientKey } from '../../rig/oauth.ts'
import { failWrites } from '../../rig/fail-writes.ts'
import { handle } from '../../rig/deliveries.ts'
import { visit } from '../../rig/pages.ts'
import { addKey, adminToken, newTenant, operate, type Tenant } from '../../rig/service.ts'
import { whatHappened } from '../../rig/user-events.ts'
import {
  addCaller,
  deskEvents,
  digitsFor,
  newDesk,
  pathOf,
  storedVerifications,
  verified,
  verify,
} from '../../rig/verifying.ts'

const MEMBERS = [
  'userId',
  'userEmail',
  'adminUsername',
  'sessionExpiration',
  'verifyUrl',
  'verifyStatus',
  'status',
]
const FIVE_MINUTES_MS = 300_000

/** Digits that are surely not the given ones. */
const wrong = (digits: string, by = 1) => String((Number(digits) + by) % 1_000_000).padStart(6, '0')

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a verification', () => {
  it('S2: goes from a link by a code to digits, which the help desk enters', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const before = Date.now()
    const started = await verified(desk, userId, 'start')
    expect(Object.keys(started)).toEqual(MEMBERS)
    expect(started).toMatchObject({
      userId,
      userEmail: 'jane@example.com',
      adminUsername: 'test',
      verifyStatus: 'PENDING',
      status: 'ACTIVE',
    })
    expect(started.verifyUrl).toMatch(
      new RegExp(`^https://${desk.host}/v/[\\dA-HJKMNP-TV-Z]{4}-[\\dA-HJKMNP-TV-Z]{4}$`),
    )
    const expiresAt = Date.parse(started.sessionExpiration)
    expect(expiresAt - before).toBeGreaterThanOrEqual(FIVE_MINUTES_MS)
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(FIVE_MINUTES_MS)
    expect(await verified(desk, userId, 'status')).toEqual(started)
    const digits = await digitsFor(desk, started)
    expect(digits).toMatch(/^\d{6}$/)
    expect(await verified(desk, userId, 'status')).toEqual({ ...started, verifyStatus: 'CODE_SHOWN' })
    const read = `${digits.slice(0, 3)} ${digits.slice(3)}`
    const done = await verified(desk, userId, 'code', { verifyCode: read })
    expect(done).toEqual({
      ...started,
      sessionExpiration: done.sessionExpiration,
      verifyStatus: 'VERIFIED',
      status: 'ACTIVE',
    })
    expect(Date.parse(done.sessionExpiration) - Date.now()).toBeGreaterThan(14 * 60_000)
    expect(await storedVerifications(desk)).toMatchObject([
      {
        user_id: userId,
        verifier_id: desk.keys['help-desk'].accessID,
        status: 'verified',
        verified_at: Date.parse(done.sessionExpiration) - 15 * 60_000,
        used_at: null,
      },
    ])
    // S9: under the name of who did it.
    expect(await deskEvents(desk)).toEqual([
      ['verify.start', 'done'],
      ['verify.code', 'done'],
    ])
    expect(await whatHappened(desk)).toEqual(
      expect.arrayContaining(['proof-sent:mail', 'proved:mail', 'verified']),
    )
  })

  it('S2: is good once: the same digits again verify nothing', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const digits = await digitsFor(desk, await verified(desk, userId, 'start'))
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => verified(desk, userId, 'code', { verifyCode: digits })),
    )
    expect(answers.map(({ verifyStatus }) => verifyStatus)).toEqual(answers.map(() => 'VERIFIED'))
    expect((await deskEvents(desk)).filter(([action]) => action === 'verify.code')).toEqual([
      ['verify.code', 'done'],
    ])
    expect((await whatHappened(desk)).filter((what) => what === 'verified')).toEqual(['verified'])
    // A new one does not take the digits of the last.
    await verified(desk, userId, 'start')
    expect(await verified(desk, userId, 'code', { verifyCode: digits })).toMatchObject({
      verifyStatus: 'PENDING',
    })
  })

  it('S2, G2: has five tries, whatever comes at once, with the right digits among them', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    let successes = 0
    for (let round = 0; round < 6; round += 1) {
      const digits = await digitsFor(desk, await verified(desk, userId, 'start'))
      const tries = Array.from({ length: 25 }, (_, index) => wrong(digits, index + 1))
      tries.splice(round * 4, 1, digits)
      await Promise.all(tries.map((verifyCode) => verified(desk, userId, 'code', { verifyCode })))
      const { verifyStatus } = await verified(desk, userId, 'status')
      const events = (await deskEvents(desk)).filter(([action]) => action === 'verify.code')
      const compared = events.length
      if (verifyStatus === 'VERIFIED') {
        successes += 1
        expect(events.filter(([, result]) => result === 'done')).toHaveLength(1)
        expect(compared).toBeLessThanOrEqual(5)
      } else {
        expect(events.map(([, result]) => result).toSorted()).toEqual(['failed', ...Array(4).fill('wrong')])
        expect(verifyStatus).toBe('FAILED')
        // G1: the right digits fail too.
        expect(await verified(desk, userId, 'code', { verifyCode: digits })).toMatchObject({
          verifyStatus: 'FAILED',
          status: 'ENDED',
        })
      }
      await env.DB.prepare('DELETE FROM admin_events WHERE tenant_id = ?').bind(desk.id).run()
      await env.DB.prepare('UPDATE desk_verifications SET proofs_sent = 0 WHERE tenant_id = ?')
        .bind(desk.id)
        .run()
    }
    expect(successes).toBeGreaterThan(0)
  }, 60_000)

  it('G5: takes the right digits beside four wrong ones', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const digits = await digitsFor(desk, await verified(desk, userId, 'start'))
    const tries = [1, 2, 3, 4].map((by) => wrong(digits, by))
    const answers = await Promise.all(
      [...tries, digits].map((verifyCode) => verified(desk, userId, 'code', { verifyCode })),
    )
    expect(answers.at(-1)).toMatchObject({ verifyStatus: 'VERIFIED' })
    expect(await verified(desk, userId, 'status')).toMatchObject({ verifyStatus: 'VERIFIED' })
  })

  it('R6: ends after five minutes, to the millisecond', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const started = await verified(desk, userId, 'start')
    const digits = await digitsFor(desk, started)
    const token = await desk.token()
    vi.setSystemTime(Date.parse(started.sessionExpiration))
    expect((await visit(desk, pathOf(started))).status).toBe(404)
    expect(await verified(desk, userId, 'code', { token, verifyCode: digits })).toMatchObject({
      verifyStatus: 'EXPIRED',
      status: 'ENDED',
    })
    vi.setSystemTime(Date.parse(started.sessionExpiration) - 1)
    expect(await verified(desk, userId, 'code', { token, verifyCode: digits })).toMatchObject({
      verifyStatus: 'VERIFIED',
    })
  })

  it('S2: is of who began it and of this user: nobody else can finish it, nor for another', async () => {
    const desk = await newDesk()
    const [jane, john] = [await addCaller(desk), await addCaller(desk, 'john')]
    const digits = await digitsFor(desk, await verified(desk, jane, 'start'))
    const other = await desk.token('super-admin')
    await verified(desk, john, 'start')
    expect(await verified(desk, john, 'code', { verifyCode: digits })).toMatchObject({
      verifyStatus: 'PENDING',
    })
    const taken = await verify(desk, jane, 'code', { token: other, verifyCode: digits })
    expect(taken.status).toBe(409)
    expect((await verify(desk, jane, 'cancel', { token: other })).status).toBe(409)
    expect(await verified(desk, jane, 'code', { verifyCode: digits })).toMatchObject({
      verifyStatus: 'VERIFIED',
    })
  })
})

it('S2: a verification is good for one code, of that user, for who has verified', async () => {
  const desk = await newDesk({
    policy: {
      desk: { verification: { by: 'mail' }, requireVerification: 'display' },
      notify: { issued: false },
    },
  })
  const userId = await addCaller(desk)
  await addCaller(desk, 'john')
  const GENERATE = '/users/generateVerifyCode/resetPassword'
  const generate = async (email: string, role?: 'super-admin') => {
    const [result] = await (await desk.admin(GENERATE, [{ email }], role)).json<{ status: number }[]>()
    return result?.status
  }
  const digits = await digitsFor(desk, await verified(desk, userId, 'start'))
  expect(await generate('jane@example.com')).toBe(1006)
  await verified(desk, userId, 'code', { verifyCode: digits })
  expect(await generate('john@example.com')).toBe(1006)
  expect(await generate('jane@example.com', 'super-admin')).toBe(1006)
  expect(await generate('jane@example.com')).toBe(1000)
  expect(await verified(desk, userId, 'status')).toMatchObject({ verifyStatus: 'VERIFIED', status: 'ENDED' })
  expect(await generate('jane@example.com')).toBe(1006)
  // One that was taken back is good for none.
  const again = await digitsFor(desk, await verified(desk, userId, 'start'))
  await verified(desk, userId, 'code', { verifyCode: again })
  await verified(desk, userId, 'cancel')
  expect(await generate('jane@example.com')).toBe(1006)
})

describe('409', () => {
  it('is answered while somebody else verifies the same user, and says until when', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const other = await desk.token('super-admin')
    const started = await verified(desk, userId, 'start')
    for (const verb of ['start', 'status', 'cancel'] as const) {
      const refused = await verify(desk, userId, verb, { token: other })
      expect(refused.status).toBe(409)
      expect(await refused.json()).toMatchObject({
        status: 409,
        message: 'Another administrator is verifying this user.',
      })
      const waitS = Number(refused.headers.get('Retry-After'))
      expect(waitS).toBeGreaterThan(290)
      expect(waitS).toBeLessThanOrEqual(300)
    }
    await verified(desk, userId, 'cancel')
    expect((await visit(desk, pathOf(started))).status).toBe(404)
    expect(await verified(desk, userId, 'start', { token: other })).toMatchObject({ adminUsername: 'test' })
    expect((await verify(desk, userId, 'start')).status).toBe(409)
    expect(await deskEvents(desk)).toEqual([
      ['verify.start', 'done'],
      ['verify.start', 'busy'],
      ['verify.cancel', 'done'],
      ['verify.start', 'done'],
      ['verify.start', 'busy'],
    ])
  })

  it('leaves one winner of many who start at once', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const keys = await Promise.all(Array.from({ length: 5 }, () => addKey(desk.id, 'help-desk')))
    const tokens = await Promise.all(keys.map((key) => adminToken(key)))
    const answers = await Promise.all(tokens.map((token) => verify(desk, userId, 'start', { token })))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409])
  })
})

describe('what is begun anew', () => {
  it('ends what the same person has begun: the old link and its digits are dead', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const first = await verified(desk, userId, 'start')
    const digits = await digitsFor(desk, first)
    const second = await verified(desk, userId, 'start')
    expect(second.verifyUrl).not.toBe(first.verifyUrl)
    expect((await visit(desk, pathOf(first))).status).toBe(404)
    expect((await visit(desk, pathOf(second))).status).toBe(200)
    expect(await verified(desk, userId, 'code', { verifyCode: digits })).toMatchObject({
      verifyStatus: 'PENDING',
      verifyUrl: second.verifyUrl,
    })
  })

  it('R11: a code that is not sent yet when the verification is canceled never is', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const path = pathOf(await verified(desk, userId, 'start'))
    const { messages } = await visit(desk, `${path}/send`, { form: {} })
    expect(await verified(desk, userId, 'cancel')).toMatchObject({
      verifyStatus: 'CANCELED',
      status: 'ENDED',
    })
    expect(await handle(messages)).toEqual(['ack'])
    expect(desk.hook.calls).toEqual([])
  })

  it('a cancellation takes back what was verified, once', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const digits = await digitsFor(desk, await verified(desk, userId, 'start'))
    await verified(desk, userId, 'code', { verifyCode: digits })
    expect(await verified(desk, userId, 'cancel')).toMatchObject({ verifyStatus: 'CANCELED' })
    expect(await verified(desk, userId, 'cancel')).toMatchObject({ verifyStatus: 'CANCELED' })
    expect(await storedVerifications(desk)).toMatchObject([{ status: 'cancelled', verified_at: null }])
    expect((await deskEvents(desk)).filter(([action]) => action === 'verify.cancel')).toHaveLength(1)
  })
})

describe('what cannot be verified', () => {
  it('is refused with a sentence that helps, and nothing is begun', async () => {
    const desk = await newDesk()
    const refusal = async (userId: string, tenant: Tenant = desk) => {
      const response = await verify(tenant, userId, 'start')
      const { code, description, message } = await response.json<Record<string, string>>()
      return [response.status, description ?? message, code]
    }
    const plain = await desk.addUser('plain@example.com')
    const same = await desk.addUser('same@example.com', {
      emails: [
        { value: 'Same@example.com', primary: true },
        { value: 'same+home@EXAMPLE.com', type: 'home' },
      ],
    })
    const noAddress = await desk.addUser('none@example.com', {
      emails: [
        { value: 'none@example.com', primary: true },
        { value: 'none@home.example\u2028Bcc: x@example.com', type: 'home' },
      ],
    })
    const noSecond = [400, 'The user has no second address to be verified by.', '400 BAD_REQUEST']
    for (const userId of [plain, same, noAddress]) expect(await refusal(userId)).toEqual(noSecond)
    const gone = await addCaller(desk)
    await desk.scim('PATCH', `/Users/${gone}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(await refusal(gone)).toEqual([400, 'The user is disabled.', '400 BAD_REQUEST'])
    for (const nobody of [crypto.randomUUID(), 'nobody', '%00', "' OR 1=1"]) {
      expect((await refusal(encodeURIComponent(nobody))).slice(0, 2)).toEqual([404, 'User not found.'])
    }
    const off = await newTenant()
    expect(await refusal(await addCaller(off), off)).toEqual([
      400,
      'Live verification is off: policy.desk.verification turns it on.',
      '400 BAD_REQUEST',
    ])
    expect([await storedVerifications(desk), await deskEvents(desk)]).toEqual([[], []])
  })

  it('by phone: a user without a number', async () => {
    const desk = await newDesk({ by: 'phone' })
    const userId = await desk.addUser('plain@example.com')
    expect(await (await verify(desk, userId, 'start')).json()).toMatchObject({
      description: 'The user has no phone number to be verified by.',
    })
  })

  it('E3: a user of another tenant is as unknown', async () => {
    const [desk, other] = [await newDesk(), await newDesk()]
    const userId = await addCaller(other)
    const started = await verified(other, userId, 'start')
    for (const verb of ['start', 'status', 'cancel'] as const) {
      expect((await verify(desk, userId, verb)).status).toBe(404)
    }
    expect((await visit(desk, pathOf(started))).status).toBe(404)
    expect((await visit(other, pathOf(started))).status).toBe(200)
  })

  it.each([[undefined], [null], [123456], ['12345'], ['1234567'], ['12345a'], [['123456']], [{}], ['']])(
    'digits that are none are no try: %j',
    async (verifyCode) => {
      const desk = await newDesk()
      const userId = await addCaller(desk)
      await digitsFor(desk, await verified(desk, userId, 'start'))
      const response = await desk.admin(`/users/${userId}/verify/code`, { verifyCode })
      expect([response.status, await response.json()]).toMatchObject([400, { code: '400 BAD_REQUEST' }])
      expect(await storedVerifications(desk)).toMatchObject([{ attempts: 0, status: 'pending' }])
    },
  )

  it.each([
    [{ by: 'mail' }, {}],
    [{ by: 'phone' }, { from: 'reset@example.com' }],
    [{ by: 'post' }, { from: 'reset@example.com' }],
    [{}, { from: 'reset@example.com' }],
    [[], { from: 'reset@example.com' }],
  ])('the policy that could verify nobody is refused: %j %j', async (verification, mail) => {
    const { id, host } = await newTenant()
    const body = { name: 'A tenant', hosts: [host], policy: { desk: { verification }, mail } }
    const response = await operate('PUT', `/tenants/${id}`, body)
    expect(response.status).toBe(400)
    expect(JSON.stringify(await response.json())).toMatch(/policy\.desk/)
  })
})

describe('who may verify', () => {
  it('an OAuth client with the scope of it, under its name', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const client = await addClient(desk, await clientKey('ES256'), ['rsa.user.verify'])
    const token = await accessToken(desk, client)
    expect(await verified(desk, userId, 'start', { token })).toMatchObject({ adminUsername: client.clientId })
    const { results } = await env.DB.prepare(
      `SELECT access_id FROM admin_events WHERE tenant_id = ? AND action = 'verify.start'`,
    )
      .bind(desk.id)
      .all()
    expect(results).toEqual([{ access_id: client.clientId }])
  })

  it('sends an empty body as JSON, as a known client does', async () => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    for (const verb of ['start', 'cancel']) {
      const response = await desk.admin(`/users/${userId}/verify/${verb}`, '', 'help-desk', {
        'Content-Type': 'application/json',
      })
      expect(response.status).toBe(200)
    }
  })
})

describe('D3, D4', () => {
  it.each([
    'INSERT ON admin_events',
    'INSERT ON desk_verifications',
    'UPDATE ON desk_verifications',
    'INSERT ON user_events',
  ])('with %s failing, nothing is half done', async (operation) => {
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const digits = await digitsFor(desk, await verified(desk, userId, 'start'))
    const before = [await storedVerifications(desk), await deskEvents(desk), await whatHappened(desk)]
    const isOfStart = operation === 'INSERT ON desk_verifications'
    const repair = await failWrites(desk, operation)
    const response = isOfStart
      ? await verify(desk, userId, 'start')
      : await verify(desk, userId, 'code', { verifyCode: digits })
    await repair()
    expect(response.status).toBe(503)
    expect([await storedVerifications(desk), await deskEvents(desk), await whatHappened(desk)]).toEqual(
      before,
    )
    expect(await verified(desk, userId, 'code', { verifyCode: digits })).toMatchObject({
      verifyStatus: 'VERIFIED',
    })
  })

  it('neither the link, nor a code, nor the digits are in the database or in the log', async () => {
    const logged: string[] = []
    vi.spyOn(console, 'log').mockImplementation((line: string) => void logged.push(line))
    const desk = await newDesk()
    const userId = await addCaller(desk)
    const started = await verified(desk, userId, 'start')
    const digits = await digitsFor(desk, started)
    const code = desk.hook.mails[0]?.code ?? ''
    await verified(desk, userId, 'code', { verifyCode: wrong(digits) })
    const tables = ['desk_verifications', 'admin_events', 'user_events']
    const rows = await Promise.all(
      tables.map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE tenant_id = ?`).bind(desk.id).all()),
    )
    const kept = JSON.stringify([rows.map(({ results }) => results), logged])
    const link = pathOf(started).slice(3)
    for (const secret of [link, link.replace('-', ''), code, digits, 'jane@home', 'jane@example']) {
      expect(kept).not.toContain(secret)
    }
    expect(kept).toContain('j***@home.example')
  })
})
