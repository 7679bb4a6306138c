import { afterEach, describe, expect, it, vi } from 'vitest'
import { AUTHENTICATE, codeForm, FORM, meter, passwordCall, REDEEM, VALIDATE } from '../rig/presenting.ts'
import { BASE_URL, call, newTenant, operate, SEND, sendCall, type Call, type Tenant } from '../rig/service.ts'

const APP = 'https://app.acme.example'
const LOCAL = 'http://localhost:3000'
const USER = 'user1@example.com'
const CSRF_TOKEN = '/api/passwordmanagement/csrfToken'
const JWKS = '/.well-known/jwks.json'
const EXPOSED = 'RateLimit,RateLimit-Policy,Retry-After,X-Request-Id'

const PREFLIGHT = {
  'Access-Control-Request-Method': 'POST',
  'Access-Control-Request-Headers': 'content-type',
}

const withOrigins = (policy: object = {}) =>
  newTenant({ policy: { origins: [APP, LOCAL], ...policy }, users: 1 })

/** A call of a page: what `sent` says, from its origin. */
const fromPage = (tenant: Tenant, origin: string, path: string, sent: Call) =>
  call(`https://${tenant.host}${path}`, { ...sent, headers: { ...sent.headers, Origin: origin } })

const preflight = (tenant: Tenant, origin: string, path = SEND) =>
  fromPage(tenant, origin, path, { method: 'OPTIONS', headers: PREFLIGHT })

/** The headers of CORS that an answer has. */
const corsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))

/** What lets a page read the answer. */
const readable = (origin: string) => ({
  'access-control-allow-origin': origin,
  'access-control-expose-headers': EXPOSED,
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a preflight', () => {
  it('from an origin of the policy is answered 204, and says what a page may send', async () => {
    const tenant = await withOrigins()
    for (const origin of [APP, LOCAL]) {
      for (const path of [SEND, VALIDATE, REDEEM, AUTHENTICATE, CSRF_TOKEN]) {
        const response = await preflight(tenant, origin, path)
        expect(response.status).toBe(204)
        expect(await response.text()).toBe('')
        expect(corsOf(response)).toEqual({
          ...readable(origin),
          'access-control-allow-methods': 'GET,POST',
          'access-control-allow-headers': `Content-Type,X-Csrf-Token_${tenant.id}`,
          'access-control-max-age': '600',
        })
        expect(response.headers.get('Vary')?.split(', ')).toContain('Origin')
      }
    }
  })

  it('R10: spends no unit, mail or database trip, and needs no CSRF token', async () => {
    const limits = { validate: { perMinute: 1, burst: 1 }, send: { perMinute: 1, burst: 1 } }
    const tenant = await withOrigins({ limits, csrf: 'always' })
    const sent = { method: 'OPTIONS', headers: { ...PREFLIGHT, Origin: APP, Cookie: 'AtmoAuthToken_x=y' } }
    await preflight(tenant, APP)
    for (const path of [SEND, VALIDATE, REDEEM, AUTHENTICATE]) {
      for (let time = 0; time < 3; time += 1) {
        const answer = await meter(tenant, path, sent)
        expect(answer).toEqual({ status: 204, body: '', trips: 0, objects: 0, queued: 0 })
      }
    }
  })

  it('L4: of a flood is refused by the shield, before a tenant is looked up for it', async () => {
    const tenant = await withOrigins()
    const FLOOD_SHIELD = { limit: async () => ({ success: false }) } as RateLimit
    const headers = { ...PREFLIGHT, Origin: APP, 'CF-Connecting-IP': '203.0.113.7' }
    const answer = await meter(tenant, SEND, { method: 'OPTIONS', headers }, { FLOOD_SHIELD })
    expect(answer).toMatchObject({ status: 429, trips: 0, objects: 0 })
  })

  it.each([
    'https://app.acme.example.evil.example',
    'https://x.app.acme.example',
    'https://acme.example',
    'http://app.acme.example',
    'https://app.acme.example:8443',
    'https://app.acme.example/',
    'HTTPS://APP.ACME.EXAMPLE',
    'http://localhost',
    'null',
    '*',
    '',
  ])('E3: from %j, which the policy does not name, is a wrong method as ever', async (origin) => {
    const response = await preflight(await withOrigins(), origin)
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'POST'])
    expect(corsOf(response)).toEqual({})
    expect(response.headers.get('Vary')).toBe('Origin')
  })

  it('E3: to a host of another tenant, or of none, is as from an unknown origin', async () => {
    await withOrigins()
    const other = await newTenant({ policy: { origins: ['https://other.example'] } })
    expect(corsOf(await preflight(other, APP))).toEqual({})
    const headers = { ...PREFLIGHT, Origin: APP }
    const nobody = await call(`https://none.example.com${SEND}`, { method: 'OPTIONS', headers })
    expect([nobody.status, corsOf(nobody)]).toEqual([405, {}])
  })
})

describe('an answer of the password API', () => {
  const allCalls = (code: string): [path: string, sent: Call][] => [
    [SEND, sendCall(USER)],
    [VALIDATE, codeForm(USER, code)],
    [REDEEM, codeForm(USER, code)],
    [AUTHENTICATE, passwordCall(USER, code)],
    [CSRF_TOKEN, { method: 'GET' }],
  ]

  it('may be read by pages of these origins, with its limits and its request id, and without cookies', async () => {
    const tenant = await withOrigins()
    const code = await tenant.newCode(USER)
    for (const origin of [APP, LOCAL]) {
      for (const [path, sent] of allCalls(code)) {
        const response = await fromPage(tenant, origin, path, sent)
        expect(corsOf(response)).toEqual(readable(origin))
        expect(response.headers.get('Vary')).toBe('Origin')
        expect(response.headers.get('X-Request-Id')).not.toBeNull()
        expect(response.headers.get('Cache-Control')).toBe('no-store')
        expect(response.headers.has('Set-Cookie')).toBe(path === CSRF_TOKEN)
        expect(response.headers.has('RateLimit')).toBe(path !== CSRF_TOKEN)
      }
    }
  })

  it('may be read where it is an error, whatever the error', async () => {
    const limits = { validate: { perMinute: 1, burst: 3 } }
    const tenant = await withOrigins({ limits })
    const text = { body: 'x', headers: { 'Content-Type': 'text/plain' } }
    const withCookie = { ...codeForm(USER, 'x'), headers: { ...FORM, Cookie: 'AtmoAuthToken_x=y' } }
    const statuses: number[] = []
    for (const [path, sent] of [
      [VALIDATE, codeForm(USER, 'x')],
      [VALIDATE, withCookie],
      [SEND, { body: '{}', headers: { 'Content-Type': 'application/json' } }],
      [SEND, text],
      [SEND, { body: ' '.repeat(70_000) }],
      ['/api/none', { method: 'GET' }],
      [SEND, { method: 'PUT' }],
      [VALIDATE, { ...codeForm(USER, 'x'), headers: { ...FORM, Accept: 'text/html' } }],
      [VALIDATE, codeForm(USER, 'x')],
    ] as [string, Call][]) {
      const response = await fromPage(tenant, APP, path, sent)
      statuses.push(response.status)
      expect([response.status, corsOf(response)]).toEqual([response.status, readable(APP)])
    }
    expect(statuses).toEqual([401, 401, 400, 415, 413, 404, 405, 406, 429])
    const refused = await fromPage(tenant, APP, VALIDATE, codeForm(USER, 'x'))
    expect(refused.headers.get('Retry-After')).not.toBeNull()
  })

  it('is done all the same, and may not be read, for any other page; and for none by default', async () => {
    const [tenant, closed] = [await withOrigins(), await newTenant({ users: 1 })]
    for (const [each, origin] of [
      [tenant, 'https://evil.example'],
      [tenant, 'null'],
      [closed, APP],
      [closed, `https://${closed.host}`],
    ] as const) {
      const code = await each.newCode(USER)
      const response = await fromPage(each, origin, VALIDATE, codeForm(USER, code))
      expect([response.status, corsOf(response)]).toEqual([200, {}])
      expect(response.headers.get('Vary')).toBe('Origin')
      expect((await preflight(each, origin)).status).toBe(405)
    }
    const without = await tenant.validate(USER, await tenant.newCode(USER))
    expect([without.status, corsOf(without), without.headers.get('Vary')]).toEqual([200, {}, 'Origin'])
  })

  it('may no longer be read by an origin that is struck off, or whose tenant has moved away', async () => {
    const tenant = await withOrigins()
    expect(corsOf(await preflight(tenant, APP))).not.toEqual({})
    const put = { name: 'A tenant', hosts: [tenant.host], policy: { origins: [LOCAL] } }
    expect((await operate('PUT', `/tenants/${tenant.id}`, put)).status).toBe(200)
    expect(corsOf(await preflight(tenant, APP))).toEqual({})
    expect(corsOf(await preflight(tenant, LOCAL))).not.toEqual({})
  })

  it('N1: says the same to a page about every address', async () => {
    const tenant = await withOrigins()
    const answers = new Set<string>()
    for (const email of [USER, 'nobody@example.com']) {
      const response = await fromPage(tenant, APP, SEND, sendCall(email))
      answers.add(JSON.stringify([response.status, corsOf(response), await response.text()]))
    }
    expect(answers.size).toBe(1)
  })
})

describe('the keys of grants', () => {
  it('may be read by any page, and a preflight for them is answered', async () => {
    const tenant = await newTenant()
    for (const origin of [APP, 'null', 'https://anywhere.example']) {
      const read = await fromPage(tenant, origin, JWKS, { method: 'GET' })
      expect([read.status, corsOf(read)]).toEqual([200, readable('*')])
      expect(read.headers.get('Cache-Control')).toBe('public, max-age=300')
      const asked = await preflight(tenant, origin, JWKS)
      expect(asked.status).toBe(204)
      expect(asked.headers.get('Access-Control-Allow-Methods')).toBe('GET')
    }
    expect((await call(`https://${tenant.host}${JWKS}`, { method: 'OPTIONS' })).status).toBe(405)
  })
})

describe('everything else', () => {
  it.each([
    '/AdminInterface/restapi/v1/users/voidVerifyCode',
    '/scim/v2/Users',
    '/operator/v1/tenants',
    '/healthz',
    '/none',
  ])('%s has no CORS, not even for an origin of the policy', async (path) => {
    const tenant = await withOrigins()
    for (const method of ['OPTIONS', 'POST', 'GET']) {
      const response = await fromPage(tenant, APP, path, { method, headers: PREFLIGHT })
      expect(corsOf(response)).toEqual({})
    }
    const ours = await call(`${BASE_URL}${path}`, { method: 'GET', headers: { Origin: BASE_URL } })
    expect(corsOf(ours)).toEqual({})
  })
})
