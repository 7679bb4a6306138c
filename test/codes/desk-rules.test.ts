import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/local.ts'
import { purgeDesk } from '../../src/codes/desk-purge-store.ts'
import { VERIFIED_MS } from '../../src/codes/desk-rules.ts'
import type { Scope } from '../../src/tenants/scope.ts'
import { countingD1 } from '../rig/counting-d1.ts'
import { adminEvents, generateAs, newDesk, reportLink, USER, type Desk } from '../rig/desk.ts'
import { handle, heldQueue, requestHeld } from '../rig/deliveries.ts'
import { explainingD1 } from '../rig/explaining-d1.ts'
import { accessToken, addClient, clientKey } from '../rig/oauth.ts'
import { hidden, visit } from '../rig/pages.ts'
import { newRequest, newTenant, NO_LIMITS, type GenerateResult, type Tenant } from '../rig/service.ts'

/** What the desk asks before a code is issued, and how a super-admin passes it (S1, S2, S8). */

afterEach(() => vi.restoreAllMocks())

type Proof = {
  verifier?: string
  userId?: string
  verifiedAt?: number
  status?: string
  usedAt?: number | null
}

/** Puts a verification there as the service does that verifies callers. */
async function prove({ tenant, userId }: Desk, proof: Proof = {}): Promise<string> {
  const id = crypto.randomUUID()
  const { verifier = tenant.keys['help-desk'].accessID, verifiedAt = Date.now() } = proof
  await env.DB.prepare(
    `INSERT INTO desk_verifications (tenant_id, id, user_id, verifier_id, status, started_at, expires_at, verified_at, used_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
    .bind(
      tenant.id,
      id,
      proof.userId ?? userId,
      verifier,
      proof.status ?? 'verified',
      verifiedAt - 60_000,
      verifiedAt + 240_000,
      verifiedAt,
      proof.usedAt ?? null,
    )
    .run()
  return id
}

const UNVERIFIED = { status: 1006, errorMessage: expect.stringMatching(/verified the caller/) as string }
const ISSUED = { status: 1000 }

const generate = async (tenant: Tenant, entry: object = {}, token?: string) =>
  (await generateAs(tenant, token ?? (await tenant.token()), entry)).result

describe('S2: a verification that is required', () => {
  const RULES = { requireVerification: 'all' }

  it('is used once, and the event of its code is written beside it', async () => {
    const made = await newDesk(RULES)
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
    const id = await prove(made)
    expect(await generate(made.tenant)).toMatchObject(ISSUED)
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
    const used = (await adminEvents(made.tenant, 'generate')).find(({ result }) => result === 'issued')
    const row = env.DB.prepare('SELECT used_for FROM desk_verifications WHERE id = ?').bind(id)
    expect(await row.first('used_for')).toBe(used?.id)
  })

  it('is used by one of 20 calls at once', async () => {
    const made = await newDesk(RULES)
    await prove(made)
    const token = await made.tenant.token()
    const results = await Promise.all(Array.from({ length: 20 }, () => generate(made.tenant, {}, token)))
    expect(results.filter(({ status }) => status === 1000)).toHaveLength(1)
    expect(results.filter(({ status }) => status === 1006)).toHaveLength(19)
  })

  it.each<[string, (made: Desk) => Promise<Proof>]>([
    ['another person', async ({ tenant }) => ({ verifier: tenant.keys['super-admin'].accessID })],
    ['another user', async ({ tenant }) => ({ userId: await tenant.addUser('user2@example.com') })],
    ['too long ago', async () => ({ verifiedAt: Date.now() - VERIFIED_MS - 1_000 })],
    ['not yet', async () => ({ status: 'pending' })],
    ['that was canceled', async () => ({ status: 'cancelled' })],
    ['that was used', async () => ({ usedAt: Date.now() - 1_000 })],
  ])('is none of %s', async (_, proofOf) => {
    const made = await newDesk(RULES)
    await prove(made, await proofOf(made))
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
  })

  it('is forgotten a day after it was good, and no earlier', async () => {
    const made = await newDesk(RULES)
    await prove(made)
    const left = env.DB.prepare('SELECT count(*) AS n FROM desk_verifications WHERE tenant_id = ?')
    const expiry = Date.now() + 240_000
    for (const [after, count] of [
      [23 * 3_600_000, 1],
      [25 * 3_600_000, 0],
    ] as const) {
      await purgeDesk(env.DB, expiry + after, 500)
      expect(await left.bind(made.tenant.id).first('n')).toBe(count)
    }
  })

  it('E3: is none of another tenant', async () => {
    const [made, other] = [await newDesk(RULES), await newDesk(RULES)]
    await prove({ ...other, userId: made.userId }, { verifier: made.tenant.keys['help-desk'].accessID })
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
  })

  it('by "display" is needed for what somebody else than the user sees', async () => {
    const made = await newDesk({ requireVerification: 'display' })
    expect(await generate(made.tenant, { code_send_to: 'EMAIL' })).toMatchObject({ status: 1001 })
    const custom = { code_send_to: 'EMAIL', custom_email: 'elsewhere@example.com' }
    expect(await generate(made.tenant, custom)).toMatchObject(UNVERIFIED)
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
  })

  it('is not used up by a code that is refused for another reason, nor by one that needs none', async () => {
    const made = await newDesk({ requireVerification: 'display' })
    await prove(made)
    expect(await generate(made.tenant, { code_validity: '1' })).toMatchObject({ status: 1003 })
    expect(await generate(made.tenant, { code_send_to: 'EMAIL' })).toMatchObject({ status: 1001 })
    expect(await generate(made.tenant)).toMatchObject(ISSUED)
  })

  it('is used by the request of a code that a second person has to approve', async () => {
    const made = await newDesk({ ...RULES, fourEyes: {} })
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
    await prove(made)
    expect((await generate(made.tenant)).errorMessage).toMatch(/^Approval needed/)
    expect(await generate(made.tenant)).toMatchObject(UNVERIFIED)
  })

  it('is looked at for each user of a bulk call by itself', async () => {
    const made = await newDesk(RULES)
    await made.tenant.addUser('user2@example.com')
    await prove(made)
    const results = await made.tenant.generate([USER, 'user2@example.com', 'nobody@example.com'])
    expect(results.map(({ status }) => status)).toEqual([1000, 1006, 1002])
  })
})

const REASON = 'The user stands before me without a telephone.'
const ALERT = 'security@example.com'

async function newGlass(rules: object = {}): Promise<Desk & { chief: string }> {
  const made = await newDesk({ alertEmail: ALERT, ...rules })
  return { ...made, chief: await made.tenant.token('super-admin') }
}

describe('S8: breaking the glass', () => {
  it.each<[string, object, (made: Desk) => Promise<unknown>]>([
    ['verification', { requireVerification: 'all' }, async () => undefined],
    ['four-eyes', { fourEyes: {} }, async () => undefined],
    ['freeze', {}, freeze],
    [
      'freeze+verification+four-eyes',
      { requireVerification: 'all', fourEyes: { modes: ['PASSWORD_RESET'] } },
      freezeRow,
    ],
  ])('passes %s, with an event and a mail that say who, whom and why', async (rules, policy, before) => {
    const made = await newGlass(policy)
    const { tenant, hook, chief } = made
    await before(made)
    const sent = hook.mails.length
    expect((await generate(tenant, {}, chief)).status).toBe(1006)
    const { result, messages } = await generateAs(tenant, chief, { breakGlassReason: REASON })
    expect(result).toMatchObject(ISSUED)
    expect((await tenant.validate(USER, result.verify_code ?? '')).status).toBe(200)
    const me = tenant.keys['super-admin'].accessID
    expect(await adminEvents(tenant, 'break-glass')).toMatchObject([
      {
        access_id: me,
        user_id: made.userId,
        target: 'u***@example.com',
        reason: `${rules}: ${REASON}`,
        result: 'done',
      },
    ])
    expect(await handle(messages)).toEqual(['ack', 'ack'])
    const mail = hook.mails.slice(sent).find(({ to }) => to === ALERT)
    expect(mail).toMatchObject({
      type: 'desk.alert',
      who: me,
      whom: 'u***@example.com',
      rules,
      reason: REASON,
    })
    for (const word of [me, 'u***@example.com', rules, REASON]) {
      expect(mail?.text).toContain(word)
    }
    expect(JSON.stringify(mail)).not.toContain(result.verify_code)
    expect(JSON.stringify(mail)).not.toContain(USER)
  })

  async function freeze(made: Desk) {
    const { link } = await reportLink(made)
    const page = await visit(made.tenant, new URL(link).pathname + new URL(link).search)
    await visit(made.tenant, '/v/report/code', { form: { m: hidden(page, 'm') } })
  }

  async function freezeRow({ userId }: Desk) {
    const until = Date.now() + 3_600_000
    await env.DB.prepare('UPDATE users SET frozen_until = ? WHERE id = ?').bind(until, userId).run()
  }

  it('is for super-admins alone', async () => {
    const made = await newGlass({ requireVerification: 'all' })
    const { tenant } = made
    const entry = [{ email: USER, breakGlassReason: REASON }]
    const refused = await tenant.admin('/users/generateVerifyCode/resetPassword', entry)
    expect(refused.status).toBe(403)
    expect(await adminEvents(tenant, 'generate')).toEqual([])
    expect(await adminEvents(tenant, 'break-glass')).toEqual([])
  })

  it.each([[{ requireVerification: 'all' }], [{ fourEyes: {} }]])(
    'is refused where nobody can be told: %o',
    async (rules) => {
      const { tenant } = await newDesk(rules)
      const entry = [{ email: USER, breakGlassReason: REASON }]
      const path = '/users/generateVerifyCode/resetPassword'
      const refused = await tenant.admin(path, entry, 'super-admin')
      expect([refused.status, await adminEvents(tenant, 'generate')]).toEqual([400, []])
      const mute = await newTenant({
        policy: { ...NO_LIMITS, desk: { ...rules, alertEmail: ALERT } },
        users: 1,
      })
      expect((await mute.admin(path, entry, 'super-admin')).status).toBe(400)
    },
  )

  it.each([
    ['short'],
    [7],
    [''],
    ['x'.repeat(501)],
    ['two\nlines of reason'],
    ['two\u2028lines of reason'],
    ['a reason that\u202e is turned around'],
    [{}],
    [' a blank before it'],
  ])('needs a reason that says something: %j', async (breakGlassReason) => {
    const { tenant, chief } = await newGlass({ requireVerification: 'all' })
    const { result, messages } = await generateAs(tenant, chief, { breakGlassReason })
    expect(result.status).toBe(1006)
    expect(messages).toEqual([])
    expect(await adminEvents(tenant, 'break-glass')).toEqual([])
  })

  it('does not happen where the queue fails: no code without a mail', async () => {
    const { tenant, chief } = await newGlass({ requireVerification: 'all' })
    const fail = async () => {
      throw new Error('the queue is down')
    }
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const body = { email: USER, breakGlassReason: REASON }
    const queue = { send: fail, sendBatch: fail } as unknown as Queue
    const { response } = await requestHeld(url, { token: chief, body }, { DELIVERIES: queue })
    expect(response.status).toBe(503)
    expect(await adminEvents(tenant, 'generate')).toEqual([])
    expect(await adminEvents(tenant, 'break-glass')).toEqual([])
  })

  it('has its mail wait for the event also where the body of the call took long to arrive', async () => {
    const { tenant, hook, chief } = await newGlass({ requireVerification: 'all' })
    vi.useFakeTimers({ toFake: ['Date'] })
    const text = new TextEncoder().encode(JSON.stringify({ email: USER, breakGlassReason: REASON }))
    const { readable: body, writable } = new TransformStream<Uint8Array>()
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const headers = { Authorization: `Bearer ${chief}`, 'Content-Type': 'application/json' }
    const held = heldQueue()
    const bindings = { ...env, DELIVERIES: held as unknown as Queue }
    const request = new Request(url, { method: 'POST', headers, body })
    const context = createExecutionContext()
    const answer = app.fetch(request, bindings, context)
    vi.setSystemTime(Date.now() + 90_000)
    const writer = writable.getWriter()
    await writer.write(text)
    await writer.close()
    expect((await answer).status).toBe(200)
    await waitOnExecutionContext(context)
    const name = (from: string, to: string) =>
      env.DB.prepare('UPDATE admin_events SET action = ? WHERE tenant_id = ? AND action = ?')
        .bind(to, tenant.id, from)
        .run()
    // As the consumer may find it, whose message is there before the event.
    await name('break-glass', 'to-come')
    expect((await handle(held.messages))[0]).toBe(10)
    await name('to-come', 'break-glass')
    expect((await handle(held.messages))[0]).toBe('ack')
    vi.useRealTimers()
    expect(hook.mails.filter(({ to }) => to === ALERT)).toHaveLength(1)
  })

  it("with a rule in nobody's way is a plain code: no event, and the mail is dropped", async () => {
    const made = await newGlass({ requireVerification: 'all' })
    const { tenant, hook, chief } = made
    await prove(made, { verifier: tenant.keys['super-admin'].accessID })
    const { result, messages } = await generateAs(tenant, chief, { breakGlassReason: REASON })
    expect(result).toMatchObject(ISSUED)
    expect(await adminEvents(tenant, 'break-glass')).toEqual([])
    const [retried] = await handle(messages)
    expect(retried).toBe(10)
    vi.useFakeTimers({ now: Date.now() + 61_000, toFake: ['Date'] })
    expect((await handle(messages))[0]).toBe('ack')
    vi.useRealTimers()
    expect(hook.mails.filter(({ to }) => to === ALERT)).toEqual([])
  })

  it('passes no other rule: a user who is disabled or at high risk, or nobody', async () => {
    const { tenant, chief, userId } = await newGlass({ requireVerification: 'all' })
    await env.DB.prepare('UPDATE users SET high_risk_at = 1 WHERE id = ?').bind(userId).run()
    const entry = { breakGlassReason: REASON }
    expect((await generateAs(tenant, chief, entry)).result.status).toBe(1006)
    const nobody = await generateAs(tenant, chief, { ...entry, email: 'nobody@example.com' })
    expect(nobody.result.status).toBe(1002)
    expect(await adminEvents(tenant, 'break-glass')).toEqual([])
  })

  it('is in the log of administrators, with its reason', async () => {
    const { tenant, chief } = await newGlass({ requireVerification: 'all' })
    await generateAs(tenant, chief, { breakGlassReason: REASON })
    const response = await visit(tenant, '/AdminInterface/restapi/v1/adminlog/exportlogs', {
      headers: { Authorization: `Bearer ${chief}` },
    })
    const { elements } = JSON.parse(response.html) as { elements: { activityKey: string; message: string }[] }
    const told = elements.find(({ activityKey }) => activityKey === 'BREAK_GLASS')
    expect(told?.message).toContain(`Reason: verification: ${REASON}`)
  })
})

describe('S1: the rules', () => {
  it('are the same for keys of both roles and for OAuth clients, and no scope passes them', async () => {
    const { tenant, chief } = await newGlass({ fourEyes: {} })
    const scopes: Scope[] = ['rsa.user.manage', 'rsa.user.factor.manage', 'rsa.user.local.manage']
    const client = await accessToken(tenant, await addClient(tenant, await clientKey('ES256'), scopes))
    for (const token of [await tenant.token(), chief, client]) {
      for (const mode of ['resetPassword', 'enroll']) {
        const { result } = await generateAs(tenant, token, {}, mode)
        expect(result.errorMessage).toMatch(/^Approval needed/)
      }
    }
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const body = { email: USER, breakGlassReason: REASON }
    expect((await requestHeld(url, { token: client, body })).response.status).toBe(403)
  })
})

describe('what the rules cost', () => {
  it('is no further trip, and every statement uses an index', async () => {
    const { tenant, chief } = await newGlass({ requireVerification: 'all', fourEyes: {} })
    const run = async (db: D1Database) => {
      const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
      const context = createExecutionContext()
      const request = newRequest(url, { token: chief, body: [{ email: USER, breakGlassReason: REASON }] })
      const response = await app.fetch(request, { ...env, DB: db }, context)
      await waitOnExecutionContext(context)
      return response.json<GenerateResult[]>()
    }
    await generateAs(tenant, chief)
    const counting = countingD1(env.DB)
    expect(await run(counting)).toMatchObject([ISSUED])
    expect(counting.trips).toBe(1)
    const { db, plans } = explainingD1()
    await run(db)
    const known = await Promise.all(plans)
    expect(known).toHaveLength(6)
    for (const plan of known) {
      expect(plan).not.toMatch(/SCAN (?:users|admin_events|reset_codes|desk_\w+|proof|request)/)
      expect(plan).not.toMatch(/AUTOMATIC/)
    }
  })

  it('is nothing where the tenant has none: two statements, as without a desk', async () => {
    const { tenant } = await newDesk()
    const token = await tenant.token()
    await generateAs(tenant, token)
    const { db, plans } = explainingD1()
    const url = `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`
    const context = createExecutionContext()
    await app.fetch(newRequest(url, { token, body: [{ email: USER }] }), { ...env, DB: db }, context)
    await waitOnExecutionContext(context)
    expect(plans).toHaveLength(2)
    expect((await Promise.all(plans)).join()).not.toMatch(/desk_/)
  })
})
