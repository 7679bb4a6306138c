import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Browser, helen, newConsoleTenant, sam, signedIn } from '../../rig/console.ts'
import {
  CLIENT_ID,
  CONSOLE_POLICY,
  HELEN,
  ISSUER,
  OpenIdProvider,
  SAM,
  signer,
} from '../../rig/open-id-provider.ts'
import { newTenant } from '../../rig/service.ts'

/** Signing in to the console with the tenant's OpenID provider. */

afterEach(() => vi.restoreAllMocks())

const SESSION = '__Host-rescind-session'
const PENDING = '__Host-rescind-sign-in'

/** The status of the last step for a provider that lies so, and whether there is a session. */
async function outcomeOf(...[tenant, person, options]: Parameters<typeof signedIn>) {
  const { browser, response } = await signedIn(tenant, person, options)
  return { status: response.status, isSignedIn: browser.cookies.has(SESSION) }
}
const REFUSED = { status: 403, isSignedIn: false }

describe('a sign-in', () => {
  it('leads to the provider with PKCE, state and nonce, and back to the page that was asked for', async () => {
    const tenant = await newConsoleTenant()
    const { begun, response, browser } = await signedIn(tenant, HELEN, { returnTo: '/console/users?q=a#b' })
    expect(begun.status).toBe(303)
    const asked = new URL(begun.headers.get('Location') ?? '')
    expect(asked.origin + asked.pathname).toBe(`${ISSUER}/authorize`)
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: CLIENT_ID,
      redirect_uri: `https://${tenant.host}/console/callback`,
      response_type: 'code',
      scope: 'openid profile email groups',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    })
    expect([response.status, response.headers.get('Location')]).toEqual([303, '/console/users?q=a#b'])
    expect(browser.cookies.has(PENDING)).toBe(false)
  })

  it('sets cookies that no script reads, no other host sets, and no other site sends', async () => {
    const { begun, response } = await helen(await newConsoleTenant())
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Host-rescind-sign-in=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ])
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-rescind-sign-in=; Max-Age=0; Path=\/; HttpOnly; Secure$/),
      expect.stringMatching(/^__Host-rescind-session=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
    ])
    // What the browser keeps on the way says nothing to who reads it.
    expect(begun.headers.getSetCookie().join()).not.toMatch(/nonce|state|verifier/)
  })

  it('gives the role that the policy grants to a value of the claim, the greater of two', async () => {
    const tenant = await newConsoleTenant()
    for (const [{ browser }, role] of [
      [await helen(tenant), 'help-desk'],
      [await sam(tenant), 'super-admin'],
    ] as const) {
      const session = await (await browser.fetch('GET', '/console/session')).json()
      expect(session).toMatchObject({ role, tenant: { id: tenant.id, name: 'A tenant' } })
    }
  })

  it.each<[string, unknown]>([
    ['no group', undefined],
    ['other groups', ['everybody', 'DESK-GROUP', 'desk-group ']],
    ['a name that every object has', ['constructor', '__proto__', 'toString']],
    ['no list of texts', [{ 'desk-group': true }, 1, null, ['desk-group']]],
  ])('is refused to somebody with %s', async (_, groups) => {
    expect(await outcomeOf(await newConsoleTenant(), { ...HELEN, groups })).toEqual(REFUSED)
  })

  it('finds a role in an object of the claims, and in what only user info says', async () => {
    const nested = { ...CONSOLE_POLICY, roleClaim: 'realm_access.roles' }
    const tenant = await newConsoleTenant({ console: nested })
    const { groups: _, ...person } = HELEN
    const realm_access = { roles: ['desk-group'] }
    expect(await outcomeOf(tenant, { ...person, realm_access })).toMatchObject({ isSignedIn: true })
    const lies = { userInfo: { sub: HELEN.sub, realm_access } }
    expect(await outcomeOf(tenant, person, { lies })).toMatchObject({ isSignedIn: true })
    // Of somebody else, it says nothing.
    const ofSam = { userInfo: { sub: SAM.sub, realm_access } }
    expect(await outcomeOf(tenant, person, { lies: ofSam })).toEqual(REFUSED)
  })

  it('takes an address for the claim only where the provider has verified it', async () => {
    const email = 'helen@example.com'
    const byAddress = { ...CONSOLE_POLICY, roleClaim: 'email', roles: { [email]: 'help-desk' } }
    const tenant = await newConsoleTenant({ console: byAddress })
    const verified = { ...HELEN, email, email_verified: true }
    expect(await outcomeOf(tenant, verified)).toMatchObject({ isSignedIn: true })
    for (const email_verified of [undefined, false, 'true']) {
      expect(await outcomeOf(tenant, { ...verified, email_verified })).toEqual(REFUSED)
    }
  })
})

describe('an ID token', () => {
  const nowS = Math.floor(Date.now() / 1000)

  it.each([
    ['of another issuer', { idToken: { iss: 'https://evil.example.com' } }],
    ['for another client', { idToken: { aud: 'another' } }],
    ['for two clients, of which another is authorized', { idToken: { aud: [CLIENT_ID, 'b'], azp: 'b' } }],
    ['with another nonce', { idToken: { nonce: 'another' } }],
    ['without a nonce', { idToken: { nonce: undefined } }],
    ['without a subject', { idToken: { sub: undefined } }],
    ['that has expired', { idToken: { iat: nowS - 900, exp: nowS - 300 } }],
    ['signed by somebody else', { isSignedByStranger: true }],
    ['of a key that the provider has not published', { header: { kid: 'k2' } }],
    ['with a critical extension', { header: { crit: ['b64'], b64: true } }],
  ])('J1: %s is refused', async (_, lies) => {
    expect(await outcomeOf(await newConsoleTenant(), HELEN, { lies })).toEqual(REFUSED)
  })

  it('J1: that is not signed, or by the secret of the client, is refused', async () => {
    const tenant = await newConsoleTenant()
    for (const alg of ['none', 'HS256']) {
      const metadata = { id_token_signing_alg_values_supported: ['RS256', alg] }
      const answer = async (url: URL, request: Request) => {
        if (url.pathname !== '/token') return undefined
        await request.text()
        const part = (value: object) => btoa(JSON.stringify(value)).replace(/=+$/, '')
        const claims = {
          iss: ISSUER,
          aud: CLIENT_ID,
          sub: 'x',
          iat: nowS,
          exp: nowS + 99,
          groups: ['admin-group'],
        }
        const id_token = `${part({ alg })}.${part(claims)}.${alg === 'none' ? '' : 'AAAA'}`
        return Response.json({ access_token: 'a', token_type: 'Bearer', id_token })
      }
      const lies = { metadata, answer: answer as never }
      expect(await outcomeOf(tenant, HELEN, { lies })).toEqual(REFUSED)
    }
  })

  it('must be of the authentication that the policy asks for', async () => {
    const tenant = await newConsoleTenant({ console: { ...CONSOLE_POLICY, acrValues: 'phr phrh' } })
    const { begun } = await signedIn(tenant, { ...HELEN, acr: 'phrh' })
    expect(new URL(begun.headers.get('Location') ?? '').searchParams.get('acr_values')).toBe('phr phrh')
    expect(await outcomeOf(tenant, { ...HELEN, acr: 'phrh' })).toMatchObject({ isSignedIn: true })
    for (const acr of [undefined, 'pwd', 'phr phrh']) {
      expect(await outcomeOf(tenant, { ...HELEN, acr })).toEqual(REFUSED)
    }
  })
})

describe('the way back', () => {
  /** A browser that has begun to sign in, and what the provider would send it back with. */
  async function begun(person = HELEN) {
    const tenant = await newConsoleTenant()
    const browser = new Browser(tenant)
    const provider = new OpenIdProvider()
    const { headers } = await browser.visit('/console/login')
    return { tenant, browser, provider, answer: provider.signIn(headers.get('Location') ?? '', person) }
  }
  const back = (browser: Browser, answer: URLSearchParams) =>
    browser.visit(`/console/callback?${String(answer)}`, { 'Sec-Fetch-Site': 'cross-site' })

  it('is closed to a browser that has not begun: nobody is signed in as somebody else', async () => {
    const { tenant, answer } = await begun()
    const victim = new Browser(tenant)
    expect([(await back(victim, answer)).status, victim.cookies.size]).toEqual([400, 0])
  })

  it('is good once', async () => {
    const { browser, answer } = await begun()
    expect((await back(browser, answer)).status).toBe(303)
    expect((await back(browser, answer)).status).toBe(400)
  })

  it('R: is good once also where the cookie was kept: the provider takes a code once', async () => {
    const { browser, answer } = await begun()
    const kept = new Map(browser.cookies)
    expect((await back(browser, answer)).status).toBe(303)
    for (const [name, value] of kept) browser.cookies.set(name, value)
    expect((await back(browser, answer)).status).toBe(403)
  })

  it.each<[string, (answer: URLSearchParams) => void]>([
    ['another state', (answer) => answer.set('state', 'x')],
    ['no state', (answer) => answer.delete('state')],
    ['two states', (answer) => answer.append('state', 'x')],
    ['another issuer (RFC 9207)', (answer) => answer.set('iss', 'https://evil.example.com')],
    ['no issuer, where the provider names it', (answer) => answer.delete('iss')],
    ['an error', (answer) => answer.set('error', 'access_denied')],
    ['no code', (answer) => answer.delete('code')],
    ['somebody else’s code', (answer) => answer.set('code', crypto.randomUUID())],
  ])('with %s is refused', async (_, change) => {
    const { browser, answer } = await begun()
    change(answer)
    expect([(await back(browser, answer)).status, browser.cookies.has(SESSION)]).toEqual([403, false])
  })

  it('E3: of one tenant leads into no other', async () => {
    const { browser, answer } = await begun()
    const other = new Browser(await newConsoleTenant())
    for (const [name, value] of browser.cookies) other.cookies.set(name, value)
    expect([(await back(other, answer)).status, other.cookies.has(SESSION)]).toEqual([400, false])
  })

  it('is too late after ten minutes', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const { browser, answer } = await begun()
    vi.setSystemTime(Date.now() + 600_000)
    expect((await back(browser, answer)).status).toBe(400)
    vi.useRealTimers()
  })

  it('session fixation: no token that was there before is the session of who signs in', async () => {
    const tenant = await newConsoleTenant()
    const { browser: attacker } = await helen(tenant)
    const fixed = attacker.cookies.get(SESSION) ?? ''
    const victim = new Browser(tenant)
    victim.cookies.set(SESSION, fixed)
    const provider = new OpenIdProvider()
    const begun = await victim.visit('/console/login')
    const answer = provider.signIn(begun.headers.get('Location') ?? '', SAM)
    await victim.visit(`/console/callback?${String(answer)}`)
    expect(victim.cookies.get(SESSION)).not.toBe(fixed)
    const session = await attacker.fetch('GET', '/console/session')
    expect(await session.json()).toMatchObject({ role: 'help-desk' })
  })
})

it.each([
  'https://evil.example.com/console',
  '//evil.example.com/console',
  '/\\evil.example.com/console',
  '\\\\evil.example.com',
  '/console/../../..//evil.example.com',
  '/console//evil.example.com',
  '/%5Cevil.example.com',
  'javascript:alert(1)',
  '/reset',
  '/consolex',
  '/console/login?return=/console',
  '/console/logout',
  ' /console/users',
  '/\tconsole',
  `/console/${'x'.repeat(3_000)}`,
])('open redirect: a sign-in for %s leads to the start of the console', async (returnTo) => {
  const { response } = await signedIn(await newConsoleTenant(), HELEN, { returnTo })
  expect([response.status, response.headers.get('Location')]).toEqual([303, '/console'])
})

it('a page of any length and in any script is gone to or not, and browsers keep the cookie of the sign-in', async () => {
  const tenant = await newConsoleTenant()
  for (const [returnTo, location] of [
    [`/console/users?q=${'%E2%82%AC'.repeat(100)}`, `/console/users?q=${'%E2%82%AC'.repeat(100)}`],
    [`/console/users?q=${'\\'.repeat(1_000)}`, `/console/users?q=${'\\'.repeat(1_000)}`],
    // As it is sent on, it is nine times as long.
    [`/console/users?q=${'€'.repeat(1_000)}`, '/console'],
  ] as const) {
    const { begun, response } = await signedIn(tenant, HELEN, { returnTo })
    expect(begun.headers.getSetCookie().join().length).toBeLessThan(4_096)
    expect(response.headers.get('Location')).toBe(location)
  }
})

describe('a provider', () => {
  it('that is out of reach, redirects, answers too much or for another issuer is 503, and nothing is kept', async () => {
    for (const answer of [
      () => Promise.reject(new Error('x')),
      () => new Response(null, { status: 302, headers: { Location: 'https://evil.example.com' } }),
      () => new Response('x'.repeat(300_000)),
      () => Response.json({ issuer: 'https://evil.example.com' }),
    ]) {
      const issuer = `https://${crypto.randomUUID()}.example.com`
      const tenant = await newConsoleTenant({ console: { ...CONSOLE_POLICY, issuer } })
      const provider = new OpenIdProvider({ answer })
      const browser = new Browser(tenant)
      const response = await browser.visit('/console/login')
      expect([response.status, response.headers.get('Retry-After'), browser.cookies.size]).toEqual([
        503,
        '10',
        0,
      ])
      expect(provider.calls).toEqual([`GET ${issuer}/.well-known/openid-configuration`])
    }
  })

  it('whose metadata leads elsewhere is not followed into a private network', async () => {
    for (const token_endpoint of [
      'http://169.254.169.254/token',
      'https://10.0.0.1/token',
      'https://db.internal/',
    ]) {
      const issuer = `https://${crypto.randomUUID()}.example.com`
      const tenant = await newConsoleTenant({ console: { ...CONSOLE_POLICY, issuer } })
      const answer = (url: URL) =>
        url.pathname === '/.well-known/openid-configuration'
          ? Response.json({
              issuer,
              authorization_endpoint: `${issuer}/a`,
              token_endpoint,
              jwks_uri: `${issuer}/j`,
            })
          : undefined
      const provider = new OpenIdProvider({ answer })
      const browser = new Browser(tenant)
      const begun = await browser.visit('/console/login')
      const sent = provider.signIn(begun.headers.get('Location') ?? '', HELEN)
      sent.set('iss', issuer)
      const response = await browser.visit(`/console/callback?${String(sent)}`)
      expect([response.status, provider.calls]).toEqual([
        503,
        [`GET ${issuer}/.well-known/openid-configuration`],
      ])
    }
  })

  it('that is out of reach is asked once in five seconds, whoever makes up logout tokens of it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    const issuer = `https://${crypto.randomUUID()}.example.com`
    const tenant = await newConsoleTenant({ console: { ...CONSOLE_POLICY, issuer } })
    const provider = new OpenIdProvider({ answer: () => Promise.reject(new Error('x')) })
    const forge = signer({ isSignedByStranger: true })
    const iat = Math.floor(Date.now() / 1000)
    const token = await forge({ iss: issuer, aud: CLIENT_ID, iat, jti: 'x', sub: 'x', events: {} })
    const send = async () => {
      const response = await new Browser(tenant).send('/console/backchannel-logout', {
        method: 'POST',
        body: String(new URLSearchParams({ logout_token: token })),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      })
      return response.status
    }
    for (let count = 0; count < 5; count += 1) expect(await send()).toBe(400)
    expect((await new Browser(tenant).visit('/console/login')).status).toBe(503)
    expect(provider.calls).toHaveLength(1)
    vi.setSystemTime(Date.now() + 5_000)
    expect(await send()).toBe(400)
    expect(provider.calls).toHaveLength(2)
    vi.useRealTimers()
  })

  it('is read once in ten minutes, however many sign in', async () => {
    const issuer = `https://${crypto.randomUUID()}.example.com`
    const tenant = await newConsoleTenant({ console: { ...CONSOLE_POLICY, issuer } })
    const metadata = { issuer, authorization_endpoint: `${issuer}/a` }
    const provider = new OpenIdProvider({ answer: () => Response.json(metadata) })
    for (let count = 0; count < 5; count += 1) await new Browser(tenant).visit('/console/login')
    expect(provider.calls.length).toBe(1)
  })
})

it('L: one network begins 20 sign-ins at once and no more, and nobody else waits for it', async () => {
  const tenant = await newConsoleTenant()
  const provider = new OpenIdProvider()
  const login = (address: string) =>
    new Browser(tenant).visit('/console/login', { 'CF-Connecting-IP': address }).then(({ status }) => status)
  const statuses: number[] = []
  for (let count = 0; count < 25; count += 1) statuses.push(await login('203.0.113.7'))
  expect(statuses.filter((status) => status === 303)).toHaveLength(20)
  expect(statuses.filter((status) => status === 429)).toHaveLength(5)
  expect(await login('203.0.113.8')).toBe(303)
  expect(provider.calls.length).toBeLessThanOrEqual(1)
})

it.each(['image', 'iframe', 'script', 'empty'])(
  'CSRF: another site’s page signs nobody in by a %s',
  async (purpose) => {
    const tenant = await newConsoleTenant()
    const browser = new Browser(tenant)
    const provider = new OpenIdProvider()
    for (const path of ['/console/login', '/console/callback?code=x']) {
      const response = await browser.visit(path, {
        'Sec-Fetch-Dest': purpose,
        'Sec-Fetch-Site': 'cross-site',
      })
      expect([response.status, browser.cookies.size]).toEqual([403, 0])
    }
    expect(provider.calls).toEqual([])
    expect((await browser.visit('/console/login', { 'Sec-Fetch-Dest': 'document' })).status).toBe(303)
  },
)

it('a tenant without a console has none of its endpoints', async () => {
  const browser = new Browser(await newTenant())
  for (const path of ['/console', '/console/users', '/console/login', '/console/callback']) {
    expect((await browser.visit(path)).status).toBe(404)
  }
  expect((await browser.fetch('POST', '/console/backchannel-logout')).status).toBe(404)
})

it('D4: a reflected or stored text of a person or a path is no markup', async () => {
  const evil = '<script>alert(1)</script>'
  const tenant = await newConsoleTenant()
  const { response } = await signedIn(tenant, { ...HELEN, groups: [] }, { returnTo: `/console/"><script>x` })
  const page = await response.text()
  expect(page).not.toContain('<script')
  expect(response.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; style-src 'self'/)
  const { browser } = await signedIn(tenant, { ...HELEN, name: `${evil}\u202E\n` })
  const session = await browser.fetch('GET', '/console/session')
  expect(session.headers.get('Content-Type')).toBe('application/json')
  expect(await session.json()).toMatchObject({ person: { name: evil } })
})

it('S9: a sign-in is in the audit, by the person, and the person has one id at every sign-in', async () => {
  const tenant = await newConsoleTenant()
  await helen(tenant)
  await signedIn(tenant, { ...HELEN, name: 'Helen Newname' })
  await helen(await newConsoleTenant())
  const { results } = await env.DB.prepare(
    "SELECT access_id, action, result FROM admin_events WHERE tenant_id = ? AND action LIKE 'console.%'",
  )
    .bind(tenant.id)
    .all<{ access_id: string }>()
  expect(results).toHaveLength(2)
  expect(results[0]).toEqual({ access_id: expect.stringMatching(/^prs_[\w-]{22}$/) as string, action: 'console.sign-in', result: 'done' }) // oxfmt-ignore
  expect(results[1]).toEqual(results[0])
  const persons = await env.DB.prepare('SELECT tenant_id, name FROM console_persons WHERE id = ?')
    .bind(results[0]?.access_id)
    .all()
  // In another tenant, the same person is another.
  expect(persons.results).toEqual([{ tenant_id: tenant.id, name: 'Helen Newname' }])
})
