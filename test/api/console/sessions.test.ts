import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../src/local.ts'
import { forgetCatalogue } from '../../../src/tenants/catalogue.ts'
import { Browser, helen, newConsoleTenant, sam } from '../../rig/console.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { failWrites } from '../../rig/fail-writes.ts'
import { CLIENT_ID, CONSOLE_POLICY, HELEN, ISSUER, SAM, signer } from '../../rig/open-id-provider.ts'
import { expectStatus, newRequest, NO_LIMITS, operate, type Tenant } from '../../rig/service.ts'

/** Sessions of people in the console: how long they are good, for what, and how they end. */

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const COOKIE = '__Host-rescind-session'
const LOOKUP = '/AdminInterface/restapi/v1/users/lookup'
const MINUTE_MS = 60_000

/** Whether a browser is still let in: by the console, by the operator API, and by the admin API. */
async function isLetIn(browser: Browser, { id }: Pick<Tenant, 'id'>) {
  const statuses = [
    await browser.fetch('GET', '/console/session'),
    await browser.fetch('GET', `/operator/v1/tenants/${id}`),
    await browser.fetch('POST', LOOKUP, { email: 'nobody@example.com' }),
  ].map(({ status }) => status !== 401)
  return { console: statuses[0], operator: statuses[1], admin: statuses[2] }
}
const EVERYWHERE = { console: true, operator: true, admin: true }
const NOWHERE = { console: false, operator: false, admin: false }

/** Lets time go by, and the isolate forget what it knows by then. */
function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms)
}

describe('a session', () => {
  it('is the role of its person on every API of the tenant, and nothing on another host', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    expect(await isLetIn(browser, tenant)).toEqual(EVERYWHERE)
    const elsewhere = new Browser(await newConsoleTenant())
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value)
    elsewhere.csrfToken = browser.csrfToken
    expect(await isLetIn(elsewhere, tenant)).toEqual(NOWHERE)
  })

  it('J2: that was invented, cut, or changed in a letter is refused without a read of the database', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await helen(tenant)
    const token = browser.cookies.get(COOKIE) ?? ''
    const db = countingD1(env.DB)
    for (const each of [
      '',
      'x',
      `${crypto.randomUUID()}_${'A'.repeat(43)}`,
      token.slice(1),
      token.toUpperCase(),
      `${token}A`,
      `${token.slice(0, 35)}${token[35] === '0' ? '1' : '0'}${token.slice(36)}`,
    ]) {
      const headers = { Cookie: `${COOKIE}=${each}`, 'Sec-Fetch-Site': 'same-origin' }
      const request = newRequest(`https://${tenant.host}/console/session`, { method: 'GET', headers })
      const context = createExecutionContext()
      const response = await app.fetch(request, { ...env, DB: db }, context)
      await waitOnExecutionContext(context)
      expect([each, response.status]).toEqual([each, 401])
    }
    expect(db.trips).toBe(0)
    // With the right id, another secret costs a read and is refused.
    const guessed = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A')
    browser.cookies.set(COOKIE, guessed)
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
  })

  it('R9: is not what the database holds', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await helen(tenant)
    const row = await env.DB.prepare('SELECT * FROM console_sessions WHERE tenant_id = ?')
      .bind(tenant.id)
      .first<{ id: string; digest: string }>()
    expect(JSON.stringify(row)).not.toContain(browser.cookies.get(COOKIE)?.split('_')[1])
    browser.cookies.set(COOKIE, `${row?.id}_${row?.digest}`)
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
  })

  it('ends when it has not been used for 30 minutes, and lives on while it is', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    for (let count = 0; count < 5; count += 1) {
      pass(28 * MINUTE_MS)
      expect(await isLetIn(browser, tenant)).toEqual(EVERYWHERE)
      await untilSeen(tenant, Date.now())
    }
    pass(30 * MINUTE_MS)
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
  })

  it('ends after 8 hours, however much it is used', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    const endsAt = Date.now() + 8 * 60 * MINUTE_MS
    while (Date.now() + 20 * MINUTE_MS < endsAt) {
      pass(20 * MINUTE_MS)
      expect((await browser.fetch('GET', '/console/session')).status).toBe(200)
      await untilSeen(tenant, Date.now())
    }
    vi.setSystemTime(endsAt - 1)
    expect(await isLetIn(browser, tenant)).toEqual(EVERYWHERE)
    vi.setSystemTime(endsAt)
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
  })

  it('costs a call on codes no trip of its own, once it is known', async () => {
    const tenant = await newConsoleTenant(NO_LIMITS, 1)
    const { browser } = await helen(tenant)
    await expectStatus(200, await browser.fetch('POST', LOOKUP, { email: 'user1@example.com' }))
    const db = countingD1(env.DB)
    const request = newRequest(`https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`, {
      body: { code_generation_mode: 'PASSWORD_RESET', user_emails: ['user1@example.com'] },
      headers: { Cookie: `${COOKIE}=${browser.cookies.get(COOKIE)}`, 'X-CSRF-Token': browser.csrfToken },
    })
    const context = createExecutionContext()
    const response = await app.fetch(request, { ...env, DB: db }, context)
    await response.text()
    await waitOnExecutionContext(context)
    expect([response.status, db.trips]).toEqual([200, 1])
  })

  it('is one of ten of a person: the oldest ends for another, and nobody else’s', async () => {
    const tenant = await newConsoleTenant()
    const { browser: other } = await sam(tenant)
    const { browser: first } = await helen(tenant)
    const { browser: second } = await helen(tenant)
    for (let count = 0; count < 9; count += 1) await helen(tenant)
    forgetCatalogue()
    expect((await first.fetch('GET', '/console/session')).status).toBe(401)
    expect((await second.fetch('GET', '/console/session')).status).toBe(200)
    expect((await other.fetch('GET', '/console/session')).status).toBe(200)
  })
})

async function lastSeenAt({ id }: Pick<Tenant, 'id'>): Promise<number | undefined> {
  const row = await env.DB.prepare('SELECT last_seen_at AS at FROM console_sessions WHERE tenant_id = ?')
    .bind(id)
    .first<{ at: number }>()
  return row?.at
}

/** What a request leaves to be written after its answer. */
async function untilSeen(tenant: Pick<Tenant, 'id'>, at: number): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) if ((await lastSeenAt(tenant)) === at) return
  throw new Error('the session was not noted to be used')
}

describe('the policy of the moment', () => {
  it.each<[string, object | undefined]>([
    ['has no console any more', undefined],
    ['names another provider', { ...CONSOLE_POLICY, issuer: 'https://other.example.com' }],
    ['grants nothing to the value any more', { ...CONSOLE_POLICY, roles: { other: 'super-admin' } }],
  ])('ends a session when it %s', async (_, console) => {
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    expect(await isLetIn(browser, tenant)).toEqual(EVERYWHERE)
    const body = { name: 'x', hosts: [tenant.host], policy: console && { console } }
    await expectStatus(200, await operate('PUT', `/tenants/${tenant.id}`, body))
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
  })

  it.each<[string, object | undefined]>([
    ['turned off', undefined],
    ['for another client', { ...CONSOLE_POLICY, clientId: 'another' }],
    ['only for who has signed in more strongly', { ...CONSOLE_POLICY, acrValues: 'phr' }],
  ])('a session that ended while the console was %s does not come back with it', async (_, console) => {
    const tenant = await newConsoleTenant()
    const other = await newConsoleTenant()
    const [{ browser }, { browser: elsewhere }] = [await sam(tenant), await sam(other)]
    const put = (policy: object) =>
      operate('PUT', `/tenants/${tenant.id}`, { name: 'x', hosts: [tenant.host], policy })
    await expectStatus(
      200,
      await put({ console: { ...CONSOLE_POLICY, roles: { 'admin-group': 'super-admin' } } }),
    )
    expect(await isLetIn(browser, tenant)).toEqual(EVERYWHERE)
    await expectStatus(200, await put({ ...(console && { console }) }))
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
    await expectStatus(200, await put({ console: CONSOLE_POLICY }))
    expect(await isLetIn(browser, tenant)).toEqual(NOWHERE)
    expect(await isLetIn(elsewhere, other)).toEqual(EVERYWHERE)
    expect((await sam(tenant)).response.status).toBe(303)
  })

  it('makes less of a super-admin at once', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    const console = { ...CONSOLE_POLICY, roles: { 'admin-group': 'help-desk' } }
    await expectStatus(
      200,
      await operate('PUT', `/tenants/${tenant.id}`, { name: 'x', hosts: [tenant.host], policy: { console } }),
    )
    expect(await (await browser.fetch('GET', '/console/session')).json()).toMatchObject({ role: 'help-desk' })
    expect((await browser.fetch('GET', `/operator/v1/tenants/${tenant.id}`)).status).toBe(403)
  })
})

describe('CSRF', () => {
  const WRITES = [
    ['POST', '/console/logout'],
    ['DELETE', `/console/sessions/${crypto.randomUUID()}`],
    ['POST', LOOKUP],
    ['POST', '/AdminInterface/restapi/v1/users/voidVerifyCode'],
    ['POST', '/scim/v2/Users'],
  ] as const

  it.each(WRITES)('%s %s takes the token of the session alone', async (method, path) => {
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    const { browser: other } = await helen(tenant)
    const status = async (headers: Record<string, string>) =>
      (await browser.send(path, { method, headers })).status
    const own = browser.csrfToken
    for (const headers of [
      {},
      { 'Sec-Fetch-Site': 'same-origin' },
      { 'X-CSRF-Token': '' },
      { 'X-CSRF-Token': 'x' },
      { 'X-CSRF-Token': other.csrfToken },
      { 'X-CSRF-Token': own.toLowerCase() },
      // With the token, too: a page of another site has somehow got hold of it.
      { 'X-CSRF-Token': own, 'Sec-Fetch-Site': 'same-site' },
      { 'X-CSRF-Token': own, 'Sec-Fetch-Site': 'cross-site' },
      { 'X-CSRF-Token': own, 'Sec-Fetch-Site': 'none' },
    ] as Record<string, string>[]) {
      expect([headers, await status(headers)]).toEqual([headers, 403])
    }
    expect(await status({ 'X-CSRF-Token': own })).not.toBe(403)
  })

  it('a read is refused to another site and to what says nothing of itself', async () => {
    const { browser } = await helen(await newConsoleTenant())
    for (const path of [
      '/console/session',
      '/AdminInterface/restapi/v1/adminlog/exportlogs',
      '/scim/v2/Users',
    ]) {
      const status = async (headers: Record<string, string>) =>
        (await browser.send(path, { method: 'GET', headers })).status
      for (const site of ['cross-site', 'same-site', 'none']) {
        expect(await status({ 'Sec-Fetch-Site': site })).toBe(403)
      }
      expect(await status({})).toBe(403)
      expect(await status({ 'Sec-Fetch-Site': 'same-origin' })).toBe(200)
      expect(await status({ 'X-CSRF-Token': browser.csrfToken })).toBe(200)
    }
  })

  it('no page of another origin reads an answer, also one that the password API lets in', async () => {
    const tenant = await newConsoleTenant({ origins: ['https://app.example.com'] })
    const { browser } = await helen(tenant)
    for (const path of ['/console/session', '/AdminInterface/restapi/v1/adminlog/exportlogs']) {
      const response = await browser.send(path, {
        method: 'GET',
        headers: { 'X-CSRF-Token': browser.csrfToken, Origin: 'https://app.example.com' },
      })
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })
})

it('J4: a bearer token is judged alone: a session beside it adds nothing', async () => {
  const tenant = await newConsoleTenant()
  const { browser } = await sam(tenant)
  const headers = { Authorization: 'Bearer x.y.z' }
  expect((await browser.fetch('POST', LOOKUP, { email: 'a@example.com' }, headers)).status).toBe(401)
  const desk = { Authorization: `Bearer ${await tenant.token('help-desk')}` }
  expect((await browser.fetch('POST', '/scim/v2/Users', {}, desk)).status).toBe(403)
})

describe('a session is ended', () => {
  it('by its person: at once in the console and on the operator API, and everywhere within 30 seconds', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    const stolen = new Browser(tenant)
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value)
    stolen.csrfToken = browser.csrfToken
    expect(await isLetIn(stolen, tenant)).toEqual(EVERYWHERE)
    // In another isolate, which does not hear of it.
    await env.DB.prepare('UPDATE console_sessions SET ended_at = ? WHERE tenant_id = ?')
      .bind(Date.now(), tenant.id)
      .run()
    expect(await isLetIn(stolen, tenant)).toEqual({ console: false, operator: false, admin: true })
    pass(20_000)
    expect(await isLetIn(stolen, tenant)).toEqual(NOWHERE)
  })

  it('by sign-out: the cookie is gone, what the browser kept is cleared, and a stolen copy is worth nothing', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await sam(tenant)
    const stolen = new Browser(tenant)
    for (const [name, value] of browser.cookies) stolen.cookies.set(name, value)
    stolen.csrfToken = browser.csrfToken
    const response = await browser.fetch('POST', '/console/logout')
    expect(browser.cookies.size).toBe(0)
    expect(response.headers.get('Clear-Site-Data')).toBe('"cache"')
    const { redirectTo } = await response.json<{ redirectTo: string }>()
    const place = new URL(redirectTo)
    expect([place.origin + place.pathname, Object.fromEntries(place.searchParams)]).toEqual([
      `${ISSUER}/logout`,
      { client_id: CLIENT_ID, post_logout_redirect_uri: `https://${tenant.host}/console` },
    ])
    expect(await isLetIn(stolen, tenant)).toEqual(NOWHERE)
  })

  it('by the list: one’s own, and as super-admin those of the tenant; of nobody else', async () => {
    const tenant = await newConsoleTenant()
    const [{ browser: desk }, { browser: deskAgain }, { browser: admin }] = [
      await helen(tenant),
      await helen(tenant),
      await sam(tenant),
    ]
    const { browser: foreign } = await sam(await newConsoleTenant())
    const idsOf = async (browser: Browser) => {
      const list = await browser.fetch('GET', '/console/sessions')
      const { sessions } = await list.json<{
        sessions: { id: string; isCurrent: boolean; person: object }[]
      }>()
      return sessions
    }
    const [seenByDesk, seenByAdmin] = [await idsOf(desk), await idsOf(admin)]
    expect(seenByDesk.map(({ isCurrent }) => isCurrent)).toEqual([false, true])
    expect(seenByAdmin).toHaveLength(3)
    const [of = { id: '' }] = seenByAdmin
    const [again = { id: '' }] = seenByDesk
    const end = async (browser: Browser, id: string) =>
      (await browser.fetch('DELETE', `/console/sessions/${id}`)).status
    expect(await end(desk, of.id)).toBe(404)
    expect(await end(foreign, again.id)).toBe(404)
    expect(await end(desk, 'x')).toBe(404)
    expect(await end(desk, again.id)).toBe(204)
    expect(await end(desk, again.id)).toBe(404)
    expect((await deskAgain.fetch('GET', '/console/session')).status).toBe(401)
    expect(await end(admin, seenByDesk[1]?.id ?? '')).toBe(204)
    expect((await desk.fetch('GET', '/console/session')).status).toBe(401)
    expect(await idsOf(foreign)).toHaveLength(1)
  })
})

describe('back-channel logout', () => {
  const EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const claimsNow = () => {
    const iat = Math.floor(Date.now() / 1000)
    return { iss: ISSUER, aud: CLIENT_ID, iat, exp: iat + 120, jti: crypto.randomUUID(), events: EVENT }
  }
  const send = (tenant: Pick<Tenant, 'host'>, token: string) =>
    new Browser(tenant).send('/console/backchannel-logout', {
      method: 'POST',
      body: String(new URLSearchParams({ logout_token: token })),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
  const isIn = async (browser: Browser) => (await browser.fetch('GET', '/console/session')).status === 200

  it('ends the session that it names, or all of the person, and nobody else’s', async () => {
    const tenant = await newConsoleTenant()
    const sign = signer()
    const [{ browser: one }, { browser: two }] = [await helen(tenant), await sam(tenant)]
    const { browser: elsewhere } = await helen(await newConsoleTenant())
    const bySession = await send(tenant, await sign({ ...claimsNow(), sid: `session-of-${HELEN.sub}` }))
    expect([bySession.status, await isIn(one), await isIn(two), await isIn(elsewhere)]).toEqual([200, false, true, true]) // oxfmt-ignore
    const byPerson = await send(tenant, await sign({ ...claimsNow(), sub: SAM.sub }, { typ: 'logout+jwt' }))
    expect([byPerson.status, await isIn(two), await isIn(elsewhere)]).toEqual([200, false, true])
  })

  it('takes a token once', async () => {
    const tenant = await newConsoleTenant()
    const { provider } = await helen(tenant)
    const token = await provider.sign({ ...claimsNow(), sub: HELEN.sub })
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => (await send(tenant, token)).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 400)).toHaveLength(9)
  })

  it('D2: is not used up by a store that fails: the provider sends it again, and it ends the session', async () => {
    const tenant = await newConsoleTenant()
    const { browser, provider } = await helen(tenant)
    const token = await provider.sign({ ...claimsNow(), sub: HELEN.sub })
    const repair = await failWrites(tenant, 'UPDATE OF ended_at ON console_sessions')
    expect((await send(tenant, token)).status).toBe(503)
    await repair()
    expect(await isIn(browser)).toBe(true)
    expect([(await send(tenant, token)).status, await isIn(browser)]).toEqual([200, false])
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>?]>([
    ['of another issuer', { iss: 'https://evil.example.com' }],
    ['for another client', { aud: 'another' }],
    ['without a jti', { jti: undefined }],
    ['without the event', { events: undefined }],
    ['with another event', { events: { 'https://example.com/event': {} } }],
    ['with a nonce, as an ID token', { nonce: 'x' }],
    ['of nobody', { sub: undefined }],
    ['that is old', { iat: Math.floor(Date.now() / 1000) - 600, exp: undefined }],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 120 }],
    ['of another type', {}, { typ: 'at+jwt' }],
    ['of a key that is not published', {}, { kid: 'k2' }],
  ])('J1: refuses a token %s', async (_, claims, header) => {
    const tenant = await newConsoleTenant()
    const { browser, provider } = await helen(tenant)
    const token = await provider.sign({ ...claimsNow(), sub: HELEN.sub, ...claims }, header)
    const response = await send(tenant, token)
    expect([response.status, await isIn(browser)]).toEqual([400, true])
  })

  it('J1: refuses what is signed by somebody else, by nobody, or is no form', async () => {
    const tenant = await newConsoleTenant()
    const { browser } = await helen(tenant)
    const forged = await signer({ isSignedByStranger: true })({ ...claimsNow(), sub: HELEN.sub })
    const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '')
    const unsigned = `${part({ alg: 'none' })}.${part({ ...claimsNow(), sub: HELEN.sub })}.`
    for (const token of [forged, unsigned, '', 'x', 'x.y.z']) {
      expect((await send(tenant, token)).status).toBe(400)
    }
    expect(
      (await browser.fetch('POST', '/console/backchannel-logout', { logout_token: forged })).status,
    ).toBe(415)
    expect(await isIn(browser)).toBe(true)
  })
})
