import { env } from 'cloudflare:workers'
import { generateKeyPair, importJWK, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LogEvent } from '../../src/log.ts'
import { BAD_TOKEN, NO_TOKEN } from '../rig/forge.ts'
import { BASE_URL, call, keyPair, newTenant, operate, operatorToken } from '../rig/service.ts'

const NOW_S = 1_800_000_000
const TENANTS = `${BASE_URL}/operator/v1/tenants`

async function status(token: string, url = TENANTS): Promise<number> {
  const response = await call(url, { method: 'GET', token })
  if (response.status === 401) {
    expect(response.headers.get('WWW-Authenticate')).toBe(BAD_TOKEN)
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'A valid bearer token is required.',
    })
  }
  return response.status
}

const operatorClaims = (): JWTPayload => ({
  iss: 'rescind-operator',
  aud: `${BASE_URL}/operator`,
  iat: NOW_S,
  exp: NOW_S + 600,
})

describe('operator tokens', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it.each([
    ['as it should be', {}, 200],
    ['with a list of audiences', { aud: ['x', `${BASE_URL}/operator`] }, 200],
    ['of one hour', { exp: NOW_S + 3600 }, 200],
    ['of one hour and a second', { exp: NOW_S + 3601 }, 401],
    ['expired within the skew', { iat: NOW_S - 600, exp: NOW_S - 59 }, 200],
    ['expired', { iat: NOW_S - 600, exp: NOW_S - 60 }, 401],
    ['by a clock ahead within the skew', { iat: NOW_S + 60, exp: NOW_S + 660 }, 200],
    ['from the future', { iat: NOW_S + 61, exp: NOW_S + 661 }, 401],
    ['not valid yet', { nbf: NOW_S + 61 }, 401],
    ['without exp', { exp: undefined }, 401],
    ['without iat', { iat: undefined }, 401],
    ['without iss', { iss: undefined }, 401],
    ['without aud', { aud: undefined }, 401],
    ['of another issuer', { iss: 'rescind' }, 401],
    ['for this service alone', { aud: BASE_URL }, 401],
    ['for the admin API', { aud: `${BASE_URL}/AdminInterface/restapi` }, 401],
    ['for another service', { aud: 'https://elsewhere.example.com/operator' }, 401],
    ['with a text for exp', { exp: String(NOW_S + 600) as never }, 401],
    ['that never expires', { exp: 1e300 }, 401],
  ])('J1: a token %s', async (_, claims, expected) => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW_S * 1000 })
    expect(await status(await operatorToken({ ...operatorClaims(), ...(claims as JWTPayload) }))).toBe(
      expected,
    )
  })

  it('J1: a token of another algorithm or another key is refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW_S * 1000 })
    const stranger = await generateKeyPair('ES256')
    const publicJwk = JSON.parse(env.OPERATOR_PUBLIC_JWK)
    const sign = (header: { alg: string }, key: CryptoKey | Uint8Array) =>
      new SignJWT(operatorClaims()).setProtectedHeader(header).sign(key)
    const secret = (text: string) => new TextEncoder().encode(text)
    for (const token of [
      new UnsecuredJWT(operatorClaims()).encode(),
      await sign({ alg: 'ES256' }, stranger.privateKey),
      await sign({ alg: 'ES256', jwk: publicJwk } as { alg: string }, stranger.privateKey),
      await sign({ alg: 'HS256' }, secret(env.OPERATOR_PUBLIC_JWK)),
      await sign({ alg: 'HS256' }, secret(publicJwk.x)),
      await sign({ alg: 'RS256' }, keyPair.privateKey),
      'a.b.c',
      '....',
      'x',
    ]) {
      expect(await status(token), token).toBe(401)
    }
    const operator = await importJWK(JSON.parse(env.TEST_OPERATOR_JWK), 'ES256')
    expect(await status(await sign({ alg: 'ES256' }, operator as CryptoKey))).toBe(200)
  })

  it('J1: the log says why a token was refused, the answer does not', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW_S * 1000 })
    const stranger = await generateKeyPair('ES256')
    const bySecret = new SignJWT(operatorClaims()).setProtectedHeader({ alg: 'HS256' })
    const byStranger = new SignJWT(operatorClaims()).setProtectedHeader({ alg: 'ES256' })
    const claiming = (claims: JWTPayload) => operatorToken({ ...operatorClaims(), ...claims })
    for (const [token, reason] of [
      ['x', 'token-malformed'],
      [await bySecret.sign(new Uint8Array(32)), 'token-algorithm'],
      [await byStranger.sign(stranger.privateKey), 'token-signature'],
      [await claiming({ iss: 'rescind' }), 'token-issuer'],
      [await claiming({ aud: BASE_URL }), 'token-audience'],
      [await claiming({ exp: NOW_S - 61, iat: NOW_S - 600 }), 'token-time'],
      [await claiming({ exp: NOW_S + 3601 }), 'token-time'],
      [await claiming({ iat: NOW_S + 61 }), 'token-time'],
      [await claiming({ nbf: NOW_S + 61 }), 'token-time'],
    ] as const) {
      const log = vi.spyOn(console, 'log')
      expect(await status(token), reason).toBe(401)
      const events = log.mock.calls.map(([line]) => JSON.parse(String(line)) as LogEvent)
      expect(events.map(({ step, outcome }) => [step, outcome])).toEqual([['unauthenticated', reason]])
      log.mockRestore()
    }
    const log = vi.spyOn(console, 'log')
    await call(TENANTS, { method: 'GET' })
    expect(String(log.mock.calls)).toContain('"outcome":"no-token"')
  })

  it('J4: the token stands in one Authorization: Bearer header', async () => {
    const token = await operatorToken()
    for (const Authorization of [`Basic ${token}`, token, `Bearer ${token}, Bearer ${token}`, '']) {
      const refused = await call(TENANTS, { method: 'GET', headers: { Authorization } })
      expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([401, NO_TOKEN])
    }
    expect((await call(`${TENANTS}?access_token=${token}`, { method: 'GET' })).status).toBe(401)
    expect(
      (await call(TENANTS, { method: 'GET', headers: { Authorization: `bearer ${token}` } })).status,
    ).toBe(200)
  })

  it('E3: a token of a tenant opens nothing of the operator, and that of the operator no tenant', async () => {
    const tenant = await newTenant()
    for (const role of ['help-desk', 'super-admin'] as const) {
      for (const path of ['', `/${tenant.id}`, `/${tenant.id}/keys`]) {
        expect(await status(await tenant.token(role), TENANTS + path)).toBe(401)
      }
    }
    for (const claims of [{}, { sub: tenant.keys['super-admin'].accessID }]) {
      const token = await operatorToken(claims)
      const users = `https://${tenant.host}/scim/v2/Users`
      expect((await call(users, { method: 'GET', token })).status).toBe(401)
    }
    expect((await operate('GET', `/tenants/${tenant.id}`)).status).toBe(200)
  })
})
