import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Browser, helen, newConsoleTenant, sam, signedIn } from '../../rig/console.ts'
import { HELEN, OpenIdProvider, SAM, signer } from '../../rig/open-id-provider.ts'
import { expectStatus } from '../../rig/service.ts'

/** People instead of keys: what they do is limited and audited by person. */

afterEach(() => vi.restoreAllMocks())

const USERS = '/AdminInterface/restapi/v1/users'
const GENERATE = `${USERS}/generateVerifyCode/resetPassword`

it('S4: a limit on codes is of the person, over all of their sign-ins, and of nobody else', async () => {
  const tenant = await newConsoleTenant({ limits: { issue: { perHour: 4, perDay: 100 } } }, 3)
  const [{ browser: one }, { browser: two }, { browser: other }] = [
    await helen(tenant),
    await helen(tenant),
    await sam(tenant),
  ]
  const show = async (browser: Browser, email: string) =>
    (await browser.fetch('POST', GENERATE, [{ email }])).status
  expect(await show(one, 'user1@example.com')).toBe(200)
  expect(await show(two, 'user2@example.com')).toBe(200)
  expect(await show(one, 'user3@example.com')).toBe(429)
  expect(await show(two, 'user3@example.com')).toBe(429)
  expect(await show((await helen(tenant)).browser, 'user3@example.com')).toBe(429)
  expect(await show(other, 'user3@example.com')).toBe(200)
  expect(await tenant.generate(['user3@example.com'])).toMatchObject([{ status: 1000 }])
})

it('S9: what a person does with codes and users has their id in the audit, and their name in the exported log', async () => {
  const tenant = await newConsoleTenant({}, 1)
  const { browser } = await sam(tenant)
  const email = 'user1@example.com'
  await expectStatus(200, await browser.fetch('POST', GENERATE, [{ email }]))
  await expectStatus(
    200,
    await browser.fetch('POST', `${USERS}/voidVerifyCode`, {
      code_generation_mode: 'PASSWORD_RESET',
      user_emails: [email],
    }),
  )
  await expectStatus(201, await browser.fetch('POST', '/scim/v2/Users', { userName: 'new@example.com' }))
  const { results } = await env.DB.prepare(
    "SELECT action, access_id FROM admin_events WHERE tenant_id = ? AND access_id LIKE 'prs_%' ORDER BY seq",
  )
    .bind(tenant.id)
    .all<{ action: string; access_id: string }>()
  expect(results.map(({ action }) => action)).toEqual(['console.sign-in', 'generate', 'void', 'user.create'])
  expect(new Set(results.map(({ access_id }) => access_id)).size).toBe(1)
  const log = await browser.fetch('GET', '/AdminInterface/restapi/v1/adminlog/exportlogs')
  const { elements } = await log.json<{ elements: { adminUserName: string; message: string }[] }>()
  const id = results[0]?.access_id
  expect(elements.slice(-3)).toMatchObject([
    {
      adminUserName: 'Sam Admin',
      message: `Admin Sam Admin (${id}) generated a password reset code for u***@example.com: issued.`,
    },
    { adminUserName: 'Sam Admin' },
    { adminUserName: 'Sam Admin' },
  ])
})

describe('Cloudflare Access', () => {
  const audience = 'a'.repeat(64)
  const issuer = 'https://team.cloudflareaccess.com'
  const policy = {
    console: {
      access: { teamDomain: 'team.cloudflareaccess.com', audience },
      roleClaim: 'custom.groups',
      roles: { desk: 'help-desk' },
    },
  }
  const nowS = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    aud: [audience],
    sub: 'helen',
    email: 'helen@example.com',
    iat: nowS,
    exp: nowS + 300,
    custom: { groups: ['desk'] },
  }

  /** A browser behind Access, with this token. */
  async function arrive(token: string | undefined) {
    const tenant = await newConsoleTenant(policy)
    const answer = async (url: URL) =>
      url.href === `${issuer}/cdn-cgi/access/certs` ? fetch('https://id.example.com/jwks') : undefined
    const provider = new OpenIdProvider({ answer: answer as never })
    const browser = new Browser(tenant)
    const headers: Record<string, string> = token === undefined ? {} : { 'Cf-Access-Jwt-Assertion': token }
    const response = await browser.visit('/console/login?return=/console/users', headers)
    return { status: response.status, location: response.headers.get('Location'), browser, provider }
  }

  it('signs in who has passed it, and sends them on to sign out of it', async () => {
    const { status, location, browser } = await arrive(await signer()(claims))
    expect([status, location]).toEqual([303, '/console/users'])
    const session = await browser.fetch('GET', '/console/session')
    const body = await session.json<{ csrfToken: string }>()
    expect(body).toMatchObject({
      role: 'help-desk',
      person: { name: 'helen@example.com', email: 'helen@example.com' },
      provider: 'cloudflare-access',
    })
    browser.csrfToken = body.csrfToken
    const logout = await browser.fetch('POST', '/console/logout')
    expect(await logout.json()).toEqual({ redirectTo: `https://${browser.host}/cdn-cgi/access/logout` })
  })

  it.each<[string, object]>([
    ['for another application', { aud: ['b'.repeat(64)] }],
    ['of another team', { iss: 'https://other.cloudflareaccess.com' }],
    ['that has expired', { iat: nowS - 900, exp: nowS - 300 }],
    ['of a service token, behind which is nobody', { sub: '' }],
    ['of somebody without a role', { custom: { groups: ['other'] } }],
  ])('J1: refuses a token %s', async (_, changes) => {
    const { status, browser } = await arrive(await signer()({ ...claims, ...changes }))
    expect([status, browser.cookies.size]).toEqual([403, 0])
  })

  it('J1: refuses what it has not signed, and a request without its word', async () => {
    for (const token of [await signer({ isSignedByStranger: true })(claims), 'x.y.z', '', undefined]) {
      expect((await arrive(token)).status).toBe(403)
    }
  })
})

it('a person keeps their id when two have one address, or one has another name', async () => {
  const tenant = await newConsoleTenant()
  const idOf = async (browser: Browser) => {
    const session = await browser.fetch('GET', '/console/session')
    return (await session.json<{ person: { id: string } }>()).person.id
  }
  const first = await idOf((await signedIn(tenant, HELEN)).browser)
  expect(
    await idOf((await signedIn(tenant, { ...HELEN, name: 'Another', email: 'x@example.com' })).browser),
  ).toBe(first)
  expect(await idOf((await signedIn(tenant, { ...SAM, email: HELEN.email ?? '' })).browser)).not.toBe(first)
})
