import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { REPORTABLE_MS } from '../../src/codes/report-link.ts'
import { purge } from '../../src/users/purge-store.ts'
import { LANGUAGES } from '../../src/texts/languages.ts'
import { adminEvents, desk, generateAs, newDesk, reportLink, USER, type Desk } from '../rig/desk.ts'
import { ask, handle } from '../rig/deliveries.ts'
import { heading, hidden, visible, visit } from '../rig/pages.ts'
import { NO_LIMITS, operate } from '../rig/service.ts'
import { userEvents, whatHappened } from '../rig/user-events.ts'

/** "This was not me": a user ends what was done in their name (S5, S6). */

afterEach(() => vi.restoreAllMocks())

const pathOf = (link: string) => new URL(link).pathname + new URL(link).search

async function press({ tenant }: Pick<Desk, 'tenant'>, link: string) {
  const page = await visit(tenant, pathOf(link))
  return visit(tenant, '/v/report/code', { form: { m: hidden(page, 'm') } })
}

const frozenUntil = ({ userId }: Desk) =>
  env.DB.prepare('SELECT frozen_until FROM users WHERE id = ?').bind(userId).first<number>('frozen_until')

const FROZEN = { status: 1006, errorMessage: expect.stringMatching(/has reported a code/) as string }

describe('S5: a code that a user reports', () => {
  it('ends, and its user is frozen and told of, in one transaction', async () => {
    const made = await newDesk()
    const { tenant } = made
    const { link, code } = await reportLink(made)
    const before = Date.now()
    expect((await press(made, link)).headers.get('Location')).toBe('/v/report/done')
    expect((await tenant.validate(USER, code)).status).toBe(401)
    expect(await tenant.generate([USER])).toMatchObject([FROZEN])
    expect(await tenant.generate([USER], { code_send_to: 'EMAIL' })).toMatchObject([FROZEN])
    const until = (await frozenUntil(made)) ?? 0
    expect(until - before).toBeGreaterThanOrEqual(24 * 3_600_000)
    expect(until - before).toBeLessThan(24 * 3_600_000 + 60_000)
    expect(await whatHappened(tenant)).toContain('reported')
    const states = await desk(tenant, await tenant.token(), `/users/${made.userId}/codes`, undefined, 'GET')
    expect(await states.json()).toMatchObject({ frozenUntil: new Date(until).toISOString() })
  })

  it('is not touched by GET and HEAD, which a scanner of mails sends', async () => {
    const made = await newDesk()
    const { link, code } = await reportLink(made)
    for (const method of ['GET', 'HEAD', 'GET']) {
      expect((await visit(made.tenant, pathOf(link), { method })).status).toBe(200)
    }
    expect((await made.tenant.validate(USER, code)).status).toBe(200)
    expect(await frozenUntil(made)).toBeNull()
  })

  it('is reported once by 20 presses at once, and an old link freezes nobody again', async () => {
    const made = await newDesk()
    const { link } = await reportLink(made)
    const answers = await Promise.all(Array.from({ length: 20 }, () => press(made, link)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(303))
    const reports = async () => (await userEvents(made.tenant)).filter(({ action }) => action === 'reported')
    expect(await reports()).toHaveLength(1)
    const reason = 'Spoke with the user in person.'
    const token = await made.tenant.token('super-admin')
    await desk(made.tenant, token, `/users/${made.userId}/unfreeze`, { reason })
    await press(made, link)
    expect([await frozenUntil(made), (await reports()).length]).toEqual([null, 1])
  })

  it.each<[string, (made: Desk) => Promise<unknown>, (made: Desk) => Promise<unknown>]>([
    ['', async () => null, async () => null],
    [', also when another was issued since', async () => null, ({ tenant }) => tenant.generate([USER])],
    [
      ', also when it was kept beside another',
      async ({ tenant }) => handle([await ask(tenant, USER)]),
      async () => null,
    ],
  ])('says whether it had been redeemed before%s', async (_, before, after) => {
    const made = await newDesk({}, { redeem: { kind: 'grant', audience: 'https://app.example.com' } })
    const { link, code } = await reportLink(made)
    await before(made)
    const body = new URLSearchParams({ emailAddress: USER, passwordResetCode: code })
    const { status } = await visit(made.tenant, '/api/passwordmanagement/redeemPasswordResetCode', {
      form: String(body),
    })
    expect(status).toBe(200)
    await after(made)
    await press(made, link)
    expect(await whatHappened(made.tenant)).toContain('reported:redeemed')
  })

  it('ends also what is on its way by mail, and what the user asks for themselves goes on', async () => {
    const made = await newDesk()
    const { link } = await reportLink(made)
    const queued = await generateAs(made.tenant, await made.tenant.token(), { code_send_to: 'EMAIL' })
    const mailed = made.hook.mails.length
    await press(made, link)
    await handle(queued.messages)
    expect(made.hook.mails.length).toBe(mailed)
    await handle([await ask(made.tenant, USER)])
    const code = made.hook.mails.at(-1)?.code ?? ''
    expect((await made.tenant.validate(USER, code)).status).toBe(200)
  })

  it('has a link without an address or a code, in the text and the HTML of the notice', async () => {
    const made = await newDesk()
    const { link, code } = await reportLink(made)
    const [mail] = made.hook.mails
    for (const part of [mail?.text, mail?.html]) {
      expect(part?.replaceAll('&amp;', '&')).toContain(link)
      expect(part).not.toContain(code)
    }
    expect(decodeURIComponent(link)).not.toMatch(/user1|@/)
  })

  it('has no link where the tenant has no desk', async () => {
    const made = await newDesk()
    await operate('PUT', `/tenants/${made.tenant.id}`, {
      name: 'A tenant',
      hosts: [made.tenant.host],
      policy: made.hook.policy,
    })
    await handle((await generateAs(made.tenant, await made.tenant.token())).messages)
    expect(made.hook.mails).toHaveLength(1)
    expect(made.hook.mails[0]?.reportUrl).toBeUndefined()
  })
})

describe('S5: a link to report a code', () => {
  it('of another tenant, altered or too old changes nothing, and its page says what to do', async () => {
    const [made, other] = [await newDesk(), await newDesk()]
    const { link, code } = await reportLink(made)
    const sealed = new URL(link).searchParams.get('m') ?? ''
    const middle = Math.floor(sealed.length / 2)
    const altered = sealed.slice(0, middle) + (sealed[middle] === 'A' ? 'B' : 'A') + sealed.slice(middle + 1)
    const refusals = [
      await visit(other.tenant, '/v/report/code', { form: { m: sealed } }),
      await visit(other.tenant, pathOf(link)),
      await visit(made.tenant, '/v/report/code', { form: { m: altered } }),
      await visit(made.tenant, '/v/report/code', { form: {} }),
      await visit(made.tenant, '/v/report/code'),
    ]
    vi.useFakeTimers({ now: Date.now() + REPORTABLE_MS + 1, toFake: ['Date'] })
    refusals.push(await visit(made.tenant, '/v/report/code', { form: { m: sealed } }))
    vi.useRealTimers()
    for (const page of refusals) {
      expect(page.status).toBe(422)
      expect(visible(page)).toContain('tell your help desk at A tenant at once')
    }
    expect((await made.tenant.validate(USER, code)).status).toBe(200)
    expect([await frozenUntil(made), await frozenUntil(other)]).toEqual([null, null])
  })

  it('cannot be pressed by the page of another site', async () => {
    const made = await newDesk()
    const { link } = await reportLink(made)
    const m = new URL(link).searchParams.get('m') ?? ''
    const headers = { 'Sec-Fetch-Site': 'cross-site' }
    expect((await visit(made.tenant, '/v/report/code', { form: { m }, headers })).status).toBe(403)
    expect(await frozenUntil(made)).toBeNull()
  })

  it('costs its client a unit, and keeps its button when the share is used up', async () => {
    const limits = { ...NO_LIMITS.limits, client: { perMinute: 1, burst: 1 } }
    const made = await newDesk({}, { limits })
    const { link } = await reportLink(made)
    const m = new URL(link).searchParams.get('m') ?? ''
    const headers = { 'CF-Connecting-IP': '203.0.113.9' }
    const press = () => visit(made.tenant, '/v/report/code', { form: { m }, headers })
    const answers = [await press(), await press(), await press()]
    expect(answers.map(({ status }) => status)).toEqual([303, 429, 429])
    expect(answers.map((page) => hidden(page, 'm'))).toEqual(['', m, m])
  })

  it.each(LANGUAGES)('has its pages in %s, on a tenant without other pages', async (language) => {
    const made = await newDesk({ freezeHours: 48 })
    const { link } = await reportLink(made)
    const url = new URL(link)
    url.searchParams.set('lang', language)
    const page = await visit(made.tenant, pathOf(url.href))
    expect([page.status, page.html.includes(`lang="${language}`)]).toEqual([200, true])
    const done = await visit(made.tenant, `/v/report/done?lang=${language}`)
    expect(heading(done)).not.toBe(heading(page))
    expect(page.headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
  })
})

describe('S6: a frozen user', () => {
  const REASON = 'Spoke with the user in person.'

  it('is let go by a super-admin alone, with a reason, which is in the audit', async () => {
    const made = await newDesk()
    const { tenant, userId } = made
    await press(made, (await reportLink(made)).link)
    const path = `/users/${userId}/unfreeze`
    const [agent, chief] = [await tenant.token(), await tenant.token('super-admin')]
    expect((await desk(tenant, agent, path, { reason: REASON })).status).toBe(403)
    for (const reason of [undefined, 'too short', 7, 'x'.repeat(501), 'two\nlines of text']) {
      expect((await desk(tenant, chief, path, { reason })).status).toBe(400)
    }
    expect(await tenant.generate([USER])).toMatchObject([FROZEN])
    const answers = await Promise.all([1, 2].map(() => desk(tenant, chief, path, { reason: REASON })))
    const said = await Promise.all(answers.map((answer) => answer.json<{ wasFrozen: boolean }>()))
    expect(said.filter(({ wasFrozen }) => wasFrozen)).toHaveLength(1)
    expect(await adminEvents(tenant, 'user.unfreeze')).toMatchObject([
      { access_id: tenant.keys['super-admin'].accessID, user_id: userId, reason: REASON, result: 'done' },
    ])
    expect(await tenant.generate([USER])).toMatchObject([{ status: 1000 }])
    const nobody = await desk(tenant, chief, `/users/${crypto.randomUUID()}/unfreeze`, { reason: REASON })
    expect(nobody.status).toBe(404)
  })

  it('of another tenant is nobody', async () => {
    const [made, other] = [await newDesk(), await newDesk()]
    await press(made, (await reportLink(made)).link)
    const token = await other.tenant.token('super-admin')
    const path = `/users/${made.userId}/unfreeze`
    expect((await desk(other.tenant, token, path, { reason: REASON })).status).toBe(404)
    expect(await made.tenant.generate([USER])).toMatchObject([FROZEN])
  })

  it('stays frozen when deleted and made anew, restored, moved, disabled and enabled', async () => {
    const made = await newDesk()
    const { tenant, userId } = made
    await press(made, (await reportLink(made)).link)
    const chief = await tenant.token('super-admin')
    const change = (name: string, body: object) =>
      desk(tenant, chief, `/users/${userId}/${name}`, body, 'PUT')
    await change('userStatus', { userStatus: 'Disabled' })
    await change('userStatus', { userStatus: 'Enabled' })
    expect(await tenant.generate([USER])).toMatchObject([FROZEN])
    await change('markDeleted', { markDeleted: true })
    await change('markDeleted', { markDeleted: false })
    expect(await tenant.generate([USER])).toMatchObject([FROZEN])
    const moved = { userName: 'moved', emails: [{ value: 'moved@example.com', primary: true }] }
    expect((await tenant.scim('PUT', `/Users/${userId}`, moved)).status).toBe(200)
    expect(await tenant.generate(['moved@example.com'])).toMatchObject([FROZEN])
    expect((await tenant.scim('DELETE', `/Users/${userId}`)).status).toBe(204)
    for (const address of [USER, 'moved@example.com']) await tenant.addUser(address)
    expect(await tenant.generate([USER, 'moved@example.com'])).toMatchObject([FROZEN, FROZEN])
  })

  it('stays frozen for a year where the policy says so, whoever has the address by then', async () => {
    const made = await newDesk({ freezeHours: 8_760 })
    const { tenant, userId } = made
    await press(made, (await reportLink(made)).link)
    expect((await tenant.scim('DELETE', `/Users/${userId}`)).status).toBe(204)
    const day = 24 * 3_600_000
    vi.useFakeTimers({ now: Date.now() + 364 * day, toFake: ['Date'] })
    await purge(env.DB, Date.now())
    await tenant.addUser(USER)
    expect(await tenant.generate([USER])).toMatchObject([FROZEN])
    vi.setSystemTime(Date.now() + 2 * day)
    expect(await tenant.generate([USER])).toMatchObject([{ status: 1000 }])
    vi.useRealTimers()
  })

  it('is frozen also where somebody marks them as deleted before they report, and then restores them', async () => {
    const made = await newDesk()
    const { tenant, userId } = made
    const { link } = await reportLink(made)
    const agent = await tenant.token()
    const mark = (markDeleted: boolean) =>
      desk(tenant, agent, `/users/${userId}/markDeleted`, { markDeleted }, 'PUT')
    expect((await mark(true)).status).toBe(200)
    await press(made, link)
    const codes = env.DB.prepare('SELECT count(*) AS n FROM reset_codes WHERE user_id = ?').bind(userId)
    expect(await codes.first('n')).toBe(0)
    expect((await mark(false)).status).toBe(200)
    expect(await tenant.generate([USER])).toMatchObject([FROZEN])
    expect(await whatHappened(tenant)).toEqual(['reported'])
  })

  it('is issued codes again when the hours are over', async () => {
    const made = await newDesk({ freezeHours: 1 })
    await press(made, (await reportLink(made)).link)
    const token = async () => made.tenant.generate([USER])
    expect(await token()).toMatchObject([FROZEN])
    vi.useFakeTimers({ now: Date.now() + 3_600_000 + 1_000, toFake: ['Date'] })
    expect(await token()).toMatchObject([{ status: 1000 }])
    vi.useRealTimers()
  })
})
