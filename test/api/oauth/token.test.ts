import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import worker from '../../../src/local.ts'
import {
  accessToken,
  addClient,
  askForToken,
  assertion,
  ASSERTION_TYPE,
  clientKey,
  type TestClient,
} from '../../rig/oauth.ts'
import { meter } from '../../rig/presenting.ts'
import { call, newTenant, operate, type Tenant } from '../../rig/service.ts'

afterEach(() => {
  vi.useRealTimers()
})

const keys = {
  RS256: await clientKey('RS256'),
  ES256: await clientKey('ES256'),
  EdDSA: await clientKey('EdDSA'),
}
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const MANAGE = 'rsa.user.factor.manage'

async function newClient(scopes: readonly string[] = [MANAGE], key = keys.ES256) {
  const tenant = await newTenant({ users: 1 })
  return { tenant, client: await addClient(tenant, key, scopes) }
}

const generate = (tenant: Pick<Tenant, 'host'>, token: string) =>
  call(`https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`, {
    token,
    body: [{ email: 'user1@example.com' }],
  })

const later = (ms: number) => vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })

describe('a client', () => {
  it.each(['RS256', 'ES256', 'EdDSA'] as const)(
    'J3: gets a token by %s, and generates a code with it',
    async (alg) => {
      const { tenant, client } = await newClient([MANAGE, 'rsa.user.read'], keys[alg])
      const parameters = {
        client_assertion: await assertion(client),
        scope: MANAGE,
        client_id: client.clientId,
      }
      const response = await askForToken(tenant, parameters)
      const caching = ['Cache-Control', 'Pragma'].map((name) => response.headers.get(name))
      expect([response.status, ...caching]).toEqual([200, 'no-store', 'no-cache'])
      const body = await response.json<{ access_token: string }>()
      expect(body).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: MANAGE,
      })
      const generated = await generate(tenant, body.access_token)
      expect([generated.status, await generated.json()]).toMatchObject([200, [{ status: 1000 }]])
      const events = env.DB.prepare(
        "SELECT access_id FROM admin_events WHERE tenant_id = ? AND action = 'generate'",
      ).bind(tenant.id)
      expect(await events.first('access_id')).toBe(client.clientId)
    },
  )

  it('is told what it needs by the operator API and by RFC 8414', async () => {
    const { tenant, client } = await newClient()
    const issuer = `https://${tenant.host}/oauth`
    expect(client).toMatchObject({ issuer, tokenEndpoint: `${issuer}/token` })
    for (const path of [
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/oauth',
    ]) {
      const response = await call(`https://${tenant.host}${path}`, { method: 'GET' })
      expect(await response.json()).toMatchObject({
        issuer,
        token_endpoint: `${issuer}/token`,
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
      })
    }
    const jwks = await (await call(`${issuer}/jwks`, { method: 'GET' })).json<{ keys: [] }>()
    const { payload, protectedHeader } = await jwtVerify(
      await accessToken(tenant, client),
      createLocalJWKSet(jwks),
    )
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
    expect(payload).toMatchObject({
      iss: issuer,
      aud: `https://${tenant.host}/AdminInterface/restapi`,
      sub: client.clientId,
      client_id: client.clientId,
      scope: MANAGE,
    })
    expect(JSON.stringify(jwks)).not.toContain('"d"')
  })

  it('meets an issuer at each host of the tenant (RFC 8414 §3.3)', async () => {
    const hosts = [`${crypto.randomUUID()}.example.com`, `${crypto.randomUUID()}.example.com`]
    const tenant = await newTenant({ users: 1 })
    const put = await operate('PUT', `/tenants/${tenant.id}`, {
      name: 'A tenant',
      hosts: [tenant.host, ...hosts],
    })
    expect(put.status).toBe(200)
    const client = await addClient(tenant, keys.ES256, [MANAGE])
    for (const host of hosts) {
      const path = '/.well-known/oauth-authorization-server'
      const metadata = await (await call(`https://${host}${path}`, { method: 'GET' })).json<TestClient>()
      expect(metadata).toMatchObject({ issuer: `https://${host}/oauth` })
      const client_assertion = await assertion(client, { aud: metadata.issuer })
      const { access_token } = await (
        await askForToken({ host }, { client_assertion })
      ).json<{ access_token: string }>()
      expect(decodeJwt(access_token).iss).toBe(metadata.issuer)
      expect((await generate(tenant, access_token)).status).toBe(200)
    }
    // A host that goes away takes its tokens along (RFC 9068 §4).
    const client_assertion = await assertion(client, { aud: `https://${hosts[1]}/oauth` })
    const token = await (
      await askForToken({ host: hosts[1] ?? '' }, { client_assertion })
    ).json<{ access_token: string }>()
    await operate('PUT', `/tenants/${tenant.id}`, { name: 'A tenant', hosts: [tenant.host] })
    expect((await generate(tenant, token.access_token)).status).toBe(401)
  })

  it('J3: may name the issuer as audience, and ask for scopes that it does not have', async () => {
    const { tenant, client } = await newClient([MANAGE, 'rsa.audit.admin'])
    const scope = `\uFFFCrsa.audit.admin ${MANAGE} rsa.group.read rsa.user.delete`
    const client_assertion = await assertion(client, { aud: client.issuer })
    const response = await askForToken(tenant, { client_assertion, scope })
    expect(await response.json()).toMatchObject({ scope: `${MANAGE} rsa.audit.admin` })
    const none = await askForToken(tenant, {
      client_assertion: await assertion(client),
      scope: 'rsa.group.read',
    })
    expect([none.status, await none.json()]).toMatchObject([400, { error: 'invalid_scope' }])
  })

  it('J5: is gone when it is deleted, and so are its tokens; the scopes that it loses, its tokens lose', async () => {
    const { tenant, client } = await newClient()
    const token = await accessToken(tenant, client)
    expect((await generate(tenant, token)).status).toBe(200)
    const path = `/tenants/${tenant.id}/clients/${client.clientId}`
    const narrowed = { jwks: { keys: [keys.ES256.jwk] }, scopes: ['rsa.user.read'] }
    expect((await operate('PUT', path, narrowed)).status).toBe(200)
    expect((await generate(tenant, token)).status).toBe(403)
    expect((await operate('DELETE', path)).status).toBe(204)
    expect((await generate(tenant, token)).status).toBe(401)
    expect((await askForToken(tenant, { client_assertion: await assertion(client) })).status).toBe(401)
  })

  it('J5: has other keys after they are replaced', async () => {
    const { tenant, client } = await newClient()
    const path = `/tenants/${tenant.id}/clients/${client.clientId}`
    await operate('PUT', path, { jwks: { keys: [keys.EdDSA.jwk] }, scopes: [MANAGE] })
    expect((await askForToken(tenant, { client_assertion: await assertion(client) })).status).toBe(401)
    expect(await accessToken(tenant, { ...client, key: keys.EdDSA })).toEqual(expect.any(String))
  })

  it('F2: has buckets of its own', async () => {
    const tenant = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 3 } } }, users: 1 })
    const [one, other] = [
      await addClient(tenant, keys.ES256, [MANAGE]),
      await addClient(tenant, keys.EdDSA, [MANAGE]),
    ]
    const statuses: number[] = []
    for (let nth = 0; nth < 4; nth++) {
      statuses.push((await askForToken(tenant, { client_assertion: await assertion(one) })).status)
    }
    expect(statuses).toEqual([200, 200, 200, 429])
    expect((await askForToken(tenant, { client_assertion: await assertion(other) })).status).toBe(200)
  })
})

describe('F2: requests for a token', () => {
  it('with a used assertion take nothing from the tokens that are out', async () => {
    const tenant = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 3 } } }, users: 1 })
    const client = await addClient(tenant, keys.ES256, [MANAGE])
    const client_assertion = await assertion(client)
    const first = await askForToken(tenant, { client_assertion })
    const { access_token } = await first.json<{ access_token: string }>()
    const statuses: number[] = []
    for (let nth = 0; nth < 4; nth++) {
      statuses.push((await askForToken(tenant, { client_assertion })).status)
    }
    expect(statuses).toEqual([401, 401, 429, 429])
    expect((await generate(tenant, access_token)).status).toBe(200)
  })
})

describe('J2: what nobody here has made', () => {
  it('costs no read of the database', async () => {
    const { tenant, client } = await newClient()
    const invented = crypto.randomUUID()
    const garbage = await assertion(client, { iss: invented, sub: invented })
    const form = (assertionText: string) => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: String(
        new URLSearchParams({
          grant_type: 'client_credentials',
          client_assertion_type: ASSERTION_TYPE,
          client_assertion: assertionText,
        }),
      ),
    })
    const claims = decodeJwt(await accessToken(tenant, client))
    const forged = await new SignJWT({ ...claims, sub: invented, client_id: invented })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
      .sign(keys.ES256.privateKey)
    const scim = `rescind_scim_${invented}_${'A'.repeat(43)}`
    // The tenant of the host is known by now.
    await call(`https://${tenant.host}/oauth/jwks`, { method: 'GET' })
    for (const [path, options] of [
      ['/oauth/token', form(garbage)],
      ['/oauth/token', form('a.b.c')],
      ['/AdminInterface/restapi/v1/users/lookup', { token: forged, body: {} }],
      ['/scim/v2/Users', { method: 'GET', token: forged }],
      ['/scim/v2/Users', { method: 'GET', token: scim }],
    ] as const) {
      const { status, trips } = await meter(tenant, path, options)
      expect([path, status, trips]).toEqual([path, 401, 0])
    }
  })
})

describe('an assertion', () => {
  it('is good once, however often it comes at once', async () => {
    const { tenant, client } = await newClient()
    const client_assertion = await assertion(client)
    const all = await Promise.all(Array.from({ length: 20 }, () => askForToken(tenant, { client_assertion })))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(all.filter(({ status }) => status === 401)).toHaveLength(19)
  })

  it('is good once to the end of its life, also where that is within a second', async () => {
    const { tenant, client } = await newClient()
    const nowS = Math.floor(Date.now() / 1000)
    const client_assertion = await assertion(client, { exp: nowS + 100.25 })
    vi.useFakeTimers({ toFake: ['Date'], now: nowS * 1000 })
    const statuses: number[] = []
    for (const atMs of [0, 160_000, 160_300, 160_900, 161_000]) {
      vi.setSystemTime(nowS * 1000 + atMs)
      statuses.push((await askForToken(tenant, { client_assertion })).status)
    }
    expect(statuses).toEqual([200, 401, 401, 401, 401])
  })

  it('is forgotten when it has expired, and is then refused for that', async () => {
    const { tenant, client } = await newClient()
    const client_assertion = await assertion(client)
    await askForToken(tenant, { client_assertion })
    later(7 * 60_000)
    expect((await askForToken(tenant, { client_assertion })).status).toBe(401)
    await accessToken(tenant, client)
    const rows = env.DB.prepare('SELECT count(*) AS count FROM used_assertions WHERE client_id = ?')
    expect(await rows.bind(client.clientId).first('count')).toBe(1)
    later(7 * 60_000)
    await worker.scheduled(createScheduledController({ scheduledTime: Date.now() }), env)
    expect(await rows.bind(client.clientId).first('count')).toBe(0)
  })

  const now = () => Math.floor(Date.now() / 1000)
  it.each<[string, (client: TestClient) => Record<string, unknown>, Record<string, unknown>?]>([
    ['for another server', () => ({ aud: 'https://elsewhere.example.com/oauth/token' })],
    ['for the admin API', ({ issuer }) => ({ aud: issuer.replace('/oauth', '/AdminInterface/restapi') })],
    ['for its issuer, but not to the letter', ({ issuer }) => ({ aud: issuer.replace('//', '//x@') })],
    ['for its issuer in capitals', ({ issuer }) => ({ aud: issuer.replace('https', 'HTTPS') })],
    ['for several', ({ tokenEndpoint }) => ({ aud: [tokenEndpoint] })],
    ['without an audience', () => ({ aud: undefined })],
    ['without a jti', () => ({ jti: undefined })],
    ['with an empty jti', () => ({ jti: '' })],
    ['with a jti that is too long', () => ({ jti: 'x'.repeat(256) })],
    ['without an end', () => ({ exp: undefined })],
    ['that has expired', () => ({ exp: now() - 120 })],
    ['that lives too long', () => ({ exp: now() + 4_000 })],
    ['from the future', () => ({ iat: now() + 3_000, exp: now() + 3_300 })],
    ['of another issuer', () => ({ iss: 'somebody' })],
    ['of an invented client', () => ({ iss: crypto.randomUUID(), sub: crypto.randomUUID() })],
    ['of another type', () => ({}), { typ: 'at+jwt' }],
    ['of another key', () => ({}), { kid: 'another' }],
    ['with a key in its header', () => ({}), { jwk: keys.ES256.jwk, kid: 'another' }],
    ['with a critical header', () => ({}), { crit: ['b64'], b64: true }],
  ])('J1, J2: is refused %s, and not told why', async (_, claims, header = {}) => {
    const { tenant, client } = await newClient()
    const client_assertion = await assertion(client, claims(client), header)
    const response = await askForToken(tenant, { client_assertion })
    expect([response.status, await response.json()]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'The client assertion is not good.' },
    ])
  })

  it('J1: is refused by an algorithm that is not of its key, or by none', async () => {
    const { tenant, client } = await newClient([MANAGE], keys.RS256)
    const claims = decodeJwt(await assertion(client))
    const secret = new TextEncoder().encode(JSON.stringify(keys.RS256.jwk))
    const forged = [
      await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'RS256' }).sign(secret),
      new UnsecuredJWT(claims).encode(),
      await assertion({ ...client, key: { ...keys.ES256, kid: 'RS256' } }),
      'x',
      'a.b.c',
      `${await assertion(client)}x`,
      'x'.repeat(5_000),
    ]
    for (const client_assertion of forged) {
      expect((await askForToken(tenant, { client_assertion })).status).toBe(401)
    }
  })

  it('E3: is no use at another tenant', async () => {
    const { client } = await newClient()
    const other = await newTenant()
    const aud = `https://${other.host}/oauth/token`
    expect((await askForToken(other, { client_assertion: await assertion(client, { aud }) })).status).toBe(
      401,
    )
  })
})

describe('a request for a token', () => {
  it.each<[string, Record<string, string>, string, number]>([
    ['of another grant', { grant_type: 'password' }, 'unsupported_grant_type', 400],
    ['without a grant', { grant_type: '' }, 'invalid_request', 400],
    ['of another assertion type', { client_assertion_type: 'x' }, 'invalid_client', 401],
    ['with another client_id', { client_id: crypto.randomUUID() }, 'invalid_client', 401],
  ])('I1: %s is refused in the words of RFC 6749', async (_, parameters, error, status) => {
    const { tenant, client } = await newClient()
    const response = await askForToken(tenant, { client_assertion: await assertion(client), ...parameters })
    expect([response.status, await response.json()]).toMatchObject([status, { error }])
  })

  it.each([
    [undefined, 'Bearer realm="oauth"'],
    ['Basic YTpi', 'Basic realm="oauth"'],
    ['DPoP x', 'DPoP realm="oauth"'],
    ['"x\\ y', 'Bearer realm="oauth"'],
  ])(
    'is refused with a challenge by the scheme of Authorization: %s (RFC 6749 §5.2)',
    async (sent, expected) => {
      const { tenant } = await newClient()
      const headers = { ...FORM, ...(sent && { Authorization: sent }) }
      const body = 'grant_type=client_credentials'
      const response = await call(`https://${tenant.host}/oauth/token`, { method: 'POST', headers, body })
      expect([response.status, response.headers.get('WWW-Authenticate')]).toEqual([401, expected])
    },
  )

  it('I1: with empty parameters is one without them (RFC 6749 §3.2)', async () => {
    const { tenant, client } = await newClient()
    const client_assertion = await assertion(client)
    const response = await askForToken(tenant, { client_assertion, scope: '', client_id: '' })
    expect([response.status, await response.json()]).toMatchObject([200, { scope: MANAGE }])
  })

  it('I1: as JSON, in the URL, or with a parameter twice is refused', async () => {
    const { tenant, client } = await newClient()
    const client_assertion = await assertion(client)
    const json = await askForToken(
      tenant,
      {},
      { headers: { 'Content-Type': 'application/json' }, body: '{}' },
    )
    expect([json.status, await json.json()]).toMatchObject([400, { error: 'invalid_request' }])
    const twice = await askForToken(
      tenant,
      {},
      {
        body: `grant_type=client_credentials&grant_type=client_credentials&client_assertion=${client_assertion}`,
      },
    )
    expect([twice.status, await twice.json()]).toMatchObject([400, { error: 'invalid_request' }])
    const inUrl = await call(`https://${tenant.host}/oauth/token?grant_type=client_credentials`, {
      body: '',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    expect(inUrl.status).toBe(400)
    expect((await call('https://nobody.example.com/oauth/token', { body: '' })).status).toBe(404)
  })
})

describe('an access token', () => {
  it('ends after an hour', async () => {
    const { tenant, client } = await newClient()
    const token = await accessToken(tenant, client)
    later(3_580_000)
    expect((await generate(tenant, token)).status).toBe(200)
    later(30_000)
    expect((await generate(tenant, token)).status).toBe(401)
  })

  it('E3: is no use at another tenant, nor does it name another user of it', async () => {
    const { tenant, client } = await newClient()
    const other = await newTenant({ users: 1 })
    const token = await accessToken(tenant, client)
    // The token alone says which tenant it is, whatever host is called.
    await generate(other, token)
    const events = env.DB.prepare(
      'SELECT count(*) AS count FROM admin_events WHERE tenant_id = ? AND action = ?',
    )
    expect(await events.bind(other.id, 'generate').first('count')).toBe(0)
  })

  it('J1, J2: is refused when somebody else has signed it, without a read of the database', async () => {
    const { tenant, client } = await newClient()
    const good = await accessToken(tenant, client)
    const claims = decodeJwt(good)
    const forged = [
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
        .sign(keys.ES256.privateKey),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', jwk: { ...keys.ES256.jwk } as object })
        .sign(keys.ES256.privateKey),
      `${good}x`,
      good.replace(/\.[^.]*$/, '.AAAA'),
    ]
    for (const token of forged) expect((await generate(tenant, token)).status).toBe(401)
  })

  it('J1: is no reset grant and no assertion, nor the reverse', async () => {
    const { tenant, client } = await newClient()
    expect((await generate(tenant, await assertion(client))).status).toBe(401)
    const client_assertion = await accessToken(tenant, client)
    expect((await askForToken(tenant, { client_assertion })).status).toBe(401)
  })
})
