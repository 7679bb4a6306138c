import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { issueAll } from '../../src/codes/issue-store.ts'
import { judge, type Purpose } from '../../src/codes/redeem-store.ts'
import { voidMany } from '../../src/codes/void-many.ts'
import { answered, COLOR, JANE as ASKED_JANE, newAskedUser, presentJson } from '../rig/challenges.ts'
import { ask, handle, requestHeld } from '../rig/deliveries.ts'
import { meteredDb } from '../rig/metered-d1.ts'
import { JANE, playHook, withHook } from '../rig/password-hook.ts'
import { AUTHENTICATE, codeForm, meter, passwordCall, REDEEM, userEvents } from '../rig/presenting.ts'
import { call, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../rig/service.ts'
import { NO_RULES, storedCode } from '../rig/stored-code.ts'
import { voidAll, wholeEvents } from '../rig/voids.ts'

const USER = 'user1@example.com'
const SLOW = { timeout: 60_000 }
const REDEEMING = { ...NO_LIMITS, redeem: { kind: 'grant', audience: 'https://app.example.com' } }
const MAILING = { ...REDEEMING, mail: { from: 'reset@example.com' } }
const ACTOR = { accessId: 'somebody', sourceIp: '192.0.2.1', requestId: 'test' }

const redeem = async (tenant: Tenant, email: string, code: string) =>
  (await call(`https://${tenant.host}${REDEEM}`, codeForm(email, code))).status
const validate = async (tenant: Tenant, email: string, code: string) =>
  (await tenant.validate(email, code)).status
const times = <Result>(count: number, each: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => each(index)))

/** A mailer that keeps what it is given. */
function keptMails() {
  const mails: { text: string }[] = []
  const EMAIL = { send: async (mail: { text: string }) => mails.push(mail) } as unknown as Env['EMAIL']
  return { mails, EMAIL }
}

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('void of everything', () => {
  it('S7: ends every code of the tenant, asked for and issued, and nobody else’s; what is issued then is good', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 3 })
    const other = await newTenant({ policy: REDEEMING, users: 1 })
    const codes = await Promise.all(tenant.emails.map((email) => tenant.newCode(email)))
    const others = await other.newCode(USER)
    const { mails, EMAIL } = keptMails()
    expect(await handle([await ask(tenant, USER)], { bindings: { EMAIL } })).toEqual(['ack'])
    const asked = /\b[0-9A-Z]{4}-?[0-9A-Z]{4}\b/.exec(mails[0]?.text ?? '')?.[0] ?? ''
    expect(await validate(tenant, USER, asked)).toBe(200)
    await voidAll(tenant)
    for (const [index, email] of tenant.emails.entries()) {
      expect(await validate(tenant, email, codes[index] ?? '')).toBe(401)
      expect(await redeem(tenant, email, codes[index] ?? '')).toBe(401)
    }
    expect(await validate(tenant, USER, asked)).toBe(401)
    expect(await validate(other, USER, others)).toBe(200)
    const next = await tenant.newCode(USER)
    expect(await validate(tenant, USER, next)).toBe(200)
    // The code that was kept beside the old one does not come back with it.
    expect(await validate(tenant, USER, asked)).toBe(401)
    expect(await redeem(tenant, USER, next)).toBe(200)
    expect(await userEvents(tenant)).toContain('refused voided x3')
  })

  it('S7: of one mode leaves the other', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 1 })
    const code = await tenant.newCode(USER)
    await voidAll(tenant, { mode: 'ENROLLMENT' })
    expect(await validate(tenant, USER, code)).toBe(200)
    await tenant.admin('/users/generateVerifyCode/enroll', [{ email: USER }])
    await voidAll(tenant, { mode: 'PASSWORD_RESET' })
    expect(await validate(tenant, USER, code)).toBe(401)
    expect(await tenant.void([USER], 'ENROLLMENT')).toMatchObject([{ status: 1014 }])
    expect(await wholeEvents(tenant)).toEqual(['void.all ENROLLMENT done', 'void.all PASSWORD_RESET done'])
  })

  it('S7: goes by the order of commits, whatever the clock of who issues says', async () => {
    const tenant = await newTenant({ policy: REDEEMING, users: 2 })
    const [ahead = '', behind = ''] = tenant.emails
    const now = Date.now()
    const scope = {
      db: env.DB,
      tenantId: tenant.id,
      mode: 'PASSWORD_RESET' as const,
      attemptsMax: 5,
      failuresMax: 100,
    }
    const issue = (email: string, at: number, digest: string) =>
      issueAll({ ...scope, now: at }, ACTOR, 'p', [
        {
          emailKey: email,
          fault: null,
          isFreshStart: false,
          channel: 'DISPLAY',
          customKey: null,
          isRefusedAtRisk: false,
          ...NO_RULES,
          digest,
          expiresAt: at + 600_000,
        },
      ])
    const verdict = async (email: string, digest: string) =>
      (await judge({ ...scope, now }, email, [digest], { network: null, client: null }, { tag: 'validate' }))
        ?.verdict
    await issue(ahead, now + 60_000, 'A'.repeat(43))
    await voidMany({ db: env.DB, tenantId: tenant.id, now }, ACTOR, { tag: 'all', modes: ['PASSWORD_RESET'] })
    await issue(behind, now - 60_000, 'B'.repeat(43))
    expect(await verdict(ahead, 'A'.repeat(43))).toBe('voided')
    expect(await verdict(behind, 'B'.repeat(43))).toBe('match')
  })

  it.each<[Purpose['tag'], Purpose]>([
    ['validate', { tag: 'validate' }],
    ['redeem', { tag: 'redeem' }],
    ['reserve', { tag: 'reserve', reservationId: 'r', until: Number.MAX_SAFE_INTEGER }],
  ])('N2: a code that it ended reads and writes what a wrong one does: %s', async (_, purpose) => {
    const tenant = await newTenant({ policy: REDEEMING, users: 2 })
    const db = meteredDb()
    const scope = { db: db as unknown as D1Database, tenantId: tenant.id, now: Date.now() }
    const caps = { mode: 'PASSWORD_RESET' as const, attemptsMax: 5, failuresMax: 100 }
    const seen: unknown[] = []
    const present = async (email: string) => {
      const who = { network: 'a hash of 12', client: 'a hash of 12' }
      const found = await judge({ ...scope, ...caps }, email, ['x'.repeat(43)], who, purpose)
      seen.push([found?.verdict, db.rows])
    }
    await tenant.newCode(USER)
    await present(USER)
    const [[, before]] = seen as [[string, typeof db.rows]]
    await voidAll(tenant)
    await present(USER)
    await tenant.newCode('user2@example.com')
    await present('user2@example.com')
    const read = (rows: typeof db.rows) => rows.reduce((sum, row) => sum + row.read, 0)
    const [, [, rows]] = seen as [unknown, [string, typeof db.rows]]
    // The one row is the epoch, which a tenant has that has ever voided everything.
    expect(read(rows)).toBe(read(before) + 1)
    expect(seen).toEqual([
      ['wrong', before],
      ['voided', rows],
      ['wrong', rows],
    ])
  })

  it('S7: costs a constant number of rows, however many codes there are', async () => {
    const costs: number[][] = []
    for (const users of [1, 20]) {
      const tenant = await newTenant({ policy: NO_LIMITS, users })
      await tenant.generate(tenant.emails)
      const db = meteredDb()
      const scope = { db: db as unknown as D1Database, tenantId: tenant.id, now: Date.now() }
      await voidMany(scope, ACTOR, { tag: 'all', modes: ['PASSWORD_RESET', 'ENROLLMENT'] })
      costs.push(db.rows.map(({ written }) => written))
    }
    expect(costs[0]).toEqual(costs[1])
    expect(costs[0]?.reduce((sum, written) => sum + written, 0)).toBeLessThanOrEqual(10)
  })

  it('S7: also where the holder of a code is asked a question', async () => {
    const { tenant, userId, code } = await newAskedUser(1)
    const challenge = answered(tenant, userId, COLOR)
    expect((await presentJson(tenant, { code, challenge })).status).toBe(200)
    await voidAll(tenant)
    expect((await presentJson(tenant, { code, challenge })).status).toBe(401)
    const next = await tenant.newCode(ASKED_JANE)
    expect((await presentJson(tenant, { code: next, challenge })).status).toBe(200)
    expect((await userEvents(tenant)).filter((event) => event.startsWith('refused'))).toEqual([
      'refused voided x1',
    ])
  })

  it('D3: is one event and the epoch, or neither', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    const code = await tenant.newCode(USER)
    const scope = { db: env.DB, tenantId: tenant.id, now: Date.now() }
    const failing = {
      prepare: (text: string) => env.DB.prepare(text),
      batch: (statements: D1PreparedStatement[]) =>
        env.DB.batch([...statements, env.DB.prepare('INSERT INTO tenants (id) VALUES (NULL)')]),
    } as unknown as D1Database
    const request = { tag: 'all' as const, modes: ['PASSWORD_RESET' as const] }
    await expect(voidMany({ ...scope, db: failing }, ACTOR, request)).rejects.toThrow()
    expect(await wholeEvents(tenant)).toEqual([])
    expect(await validate(tenant, USER, code)).toBe(200)
    await voidMany(scope, ACTOR, request)
    expect(await wholeEvents(tenant)).toEqual(['void.all PASSWORD_RESET done'])
    expect(await validate(tenant, USER, code)).toBe(401)
  })

  it('the void of one user says that the code was voided before', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 1 })
    await tenant.newCode(USER)
    await voidAll(tenant)
    expect(await tenant.void([USER])).toMatchObject([
      { status: 1015, errorMessage: expect.stringMatching(/voided before/) },
    ])
  })

  it('G1: gives a guesser no new attempts, and G3: forgives no failure', async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, code: { attemptsMax: 5 } }, users: 1 })
    const code = await tenant.newCode(USER)
    for (let time = 0; time < 2; time++) await tenant.validate(USER, wrongCode(code))
    await voidAll(tenant)
    await tenant.validate(USER, wrongCode(code))
    expect(await storedCode(tenant.id, USER)).toMatchObject({ failures: 2, ended_as: null })
  })
})

describe('R11: mails', () => {
  it('S7: of codes that were issued before are never sent', async () => {
    const tenant = await newTenant({ policy: MAILING, users: 1 })
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const body = [{ email: USER, code_send_to: 'EMAIL' }]
    const { messages } = await requestHeld(url, { token: await tenant.token(), body })
    await voidAll(tenant)
    const { mails, EMAIL } = keptMails()
    expect(await handle(messages, { bindings: { EMAIL } })).toEqual(['ack'])
    expect(mails).toEqual([])
    expect(await userEvents(tenant)).toContain('delivery-failed voided x1')
  })

  it.each([true, false])(
    'S7: that were asked for before are never sent, nor their codes issued (had a code before: %s)',
    async (hadOne) => {
      const tenant = await newTenant({ policy: { ...MAILING, unknownAddress: 'notify' }, users: 1 })
      if (hadOne) await tenant.newCode(USER)
      const message = await ask(tenant, USER)
      await voidAll(tenant)
      const { mails, EMAIL } = keptMails()
      expect(await handle([message], { bindings: { EMAIL } })).toEqual(['ack'])
      expect(mails).toEqual([])
      expect(await userEvents(tenant)).toContain('delivery-failed voided x1')
      const stored = await storedCode(tenant.id, USER)
      expect(stored?.origin ?? null).toBe(hadOne ? 'issued' : null)
    },
  )

  it('S7: that were asked for by a clock that is a second ahead are not sent either; later ones are', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ policy: MAILING, users: 2 })
    await voidAll(tenant)
    vi.setSystemTime(Date.now() + 1_000)
    const ahead = await ask(tenant, USER)
    vi.setSystemTime(Date.now() + 1_001)
    const later = await ask(tenant, 'user2@example.com')
    const { mails, EMAIL } = keptMails()
    expect(await handle([ahead, later], { bindings: { EMAIL } })).toEqual(['ack', 'ack'])
    expect(mails).toMatchObject([{ to: 'user2@example.com' }])
  })
})

describe('races with void of everything', () => {
  it('R1, R3: of 20 redeems beside it one wins at most, and none after it', SLOW, async () => {
    const tenant = await newTenant({ policy: REDEEMING, users: 1 })
    let won = 0
    for (let round = 0; round < 12; round++) {
      const code = await tenant.newCode(USER)
      const isFirst = round % 3
      const statuses: number[] = []
      const redeems = () => times(20, async () => statuses.push(await redeem(tenant, USER, code)))
      if (isFirst === 0) await Promise.all([redeems(), voidAll(tenant)])
      else if (isFirst === 1) await Promise.all([voidAll(tenant), redeems()])
      else await times(2, async (index) => (index === 0 ? redeems() : voidAll(tenant)))
      const wins = statuses.filter((status) => status === 200).length
      expect(statuses).toHaveLength(20)
      expect(wins).toBeLessThanOrEqual(1)
      expect((await storedCode(tenant.id, USER))?.ended_as).toBe(wins === 1 ? 'redeemed' : null)
      won += wins
      expect(await redeem(tenant, USER, code)).toBe(401)
      expect(await validate(tenant, USER, code)).toBe(401)
    }
    const redeemed = (await userEvents(tenant)).filter((event) => event.startsWith('redeemed'))
    expect(redeemed).toHaveLength(won)
    expect(await wholeEvents(tenant)).toHaveLength(12)
  })

  it(
    'R2, S7: every code issued beside it is dead or good by its commit, and says the same for ever',
    SLOW,
    async () => {
      const tenant = await newTenant({ policy: REDEEMING, users: 8 })
      for (let round = 0; round < 6; round++) {
        const codes = new Map<string, string>()
        const issues = tenant.emails.map(async (email) => codes.set(email, await tenant.newCode(email)))
        await Promise.all(round % 2 ? [...issues, voidAll(tenant)] : [voidAll(tenant), ...issues])
        // The log of administrators has the order of commits.
        const { results } = await env.DB.prepare(
          `SELECT e.user_id, e.seq > (SELECT max(v.seq) FROM admin_events v WHERE v.tenant_id = ?1 AND v.action = 'void.all') AS later
         FROM admin_events e WHERE e.tenant_id = ?1 AND e.action = 'generate' ORDER BY e.seq DESC LIMIT 8`,
        )
          .bind(tenant.id)
          .all<{ user_id: string; later: number }>()
        expect(results).toHaveLength(8)
        for (const [email, code] of codes) {
          const user = await env.DB.prepare('SELECT id FROM users WHERE tenant_id = ? AND email_key = ?')
            .bind(tenant.id, email)
            .first<{ id: string }>()
          const isLater = results.find(({ user_id: id }) => id === user?.id)?.later === 1
          expect(await validate(tenant, email, code)).toBe(isLater ? 200 : 401)
        }
      }
    },
  )

  it(
    'R4: two bulk generates and a void of everything end with one code at most for each user',
    SLOW,
    async () => {
      const tenant = await newTenant({ policy: REDEEMING, users: 10 })
      for (let round = 0; round < 5; round++) {
        const [first, second] = await Promise.all([
          tenant.generate(tenant.emails),
          tenant.generate(tenant.emails),
          voidAll(tenant),
        ])
        for (const [index, email] of tenant.emails.entries()) {
          const codes = [first?.[index]?.verify_code ?? '', second?.[index]?.verify_code ?? '']
          const statuses = await Promise.all(codes.map((code) => validate(tenant, email, code)))
          expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(1)
        }
        await voidAll(tenant)
      }
    },
  )

  it.each([
    ['sets the password: it was redeemed', () => new Response(null, { status: 204 }), 200, 'redeemed'],
    ['fails: the code is dead all the same', () => new Response(null, { status: 500 }), 503, null],
  ])('R3: while a hook is asked, nobody else gets in; the hook then %s', async (_, answer, status, end) => {
    const { tenant, code } = await withHook()
    const calls = playHook(async () => {
      await voidAll(tenant)
      expect(await validate(tenant, JANE, code)).toBe(401)
      expect(await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))).toMatchObject({ status: 401 })
      return answer()
    })
    expect(await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))).toMatchObject({ status })
    expect((await storedCode(tenant.id, JANE))?.ended_as ?? null).toBe(end)
    expect(await meter(tenant, AUTHENTICATE, passwordCall(JANE, code))).toMatchObject({ status: 401 })
    expect(await validate(tenant, JANE, code)).toBe(401)
    expect(calls).toHaveLength(1)
    expect((await userEvents(tenant)).filter((event) => event.startsWith('redeemed'))).toHaveLength(
      end === null ? 0 : 1,
    )
  })
})
