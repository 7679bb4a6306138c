import { afterEach, describe, expect, it, vi } from 'vitest'
import { forge, goodClaims, present, REFUSAL, refusal, RS256 } from '../rig/forge.ts'
import { adminToken, newTenant, operate, publicKey } from '../rig/service.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('the documented bounds, and the quirks of real clients', () => {
  const NOW_S = 1_800_000_000

  async function atInstant() {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW_S * 1000 })
    return newTenant()
  }

  it.each([
    ['ten minutes', 0, 600],
    ['iat equal to exp, 58 minutes on, as the Java client', 3480, 3480],
    ['a lifetime of an hour', 0, 3600],
    ['an hour, by a clock 60 s ahead', 60, 3660],
    ['an hour, by a clock 60 s behind', -60, 3540],
    ['expired 60 s ago', -600, -60],
    ['issued 61 minutes ago', -3660, -60],
  ])('J3: a token is accepted with %s', async (_, iat, exp) => {
    const tenant = await atInstant()
    const claims = { iat: NOW_S + iat, exp: NOW_S + exp }
    expect((await present(tenant, await adminToken(tenant.keys['help-desk'], claims))).status).toBe(200)
    const texts = {
      ...goodClaims(tenant.keys['help-desk']),
      iat: String(claims.iat),
      exp: String(claims.exp),
    }
    expect((await present(tenant, await forge(RS256, texts))).status).toBe(200)
  })

  it.each([
    ['a lifetime of 3601 s', 0, 3601],
    ['a lifetime of 3601 s, half past', -1801, 1800],
    ['exp over an hour and 60 s on', 61, 3661],
    ['iat equal to an exp too far on', 3661, 3661],
    ['expired 61 s ago', -600, -61],
    ['issued after it expires', 601, 600],
    ['expired long ago', -7200, -3600],
    ['milliseconds for seconds', NOW_S * 999, NOW_S * 999 + 600],
  ])('J3: a token is refused with %s', async (_, iat, exp) => {
    const tenant = await atInstant()
    const token = await adminToken(tenant.keys['help-desk'], { iat: NOW_S + iat, exp: NOW_S + exp })
    expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
  })

  it('J3: nbf is optional, and is kept to with the same skew, also as a text', async () => {
    const tenant = await atInstant()
    const statusWith = async (nbf: unknown) => {
      const claims = { ...goodClaims(tenant.keys['help-desk']), nbf }
      return (await present(tenant, await forge(RS256, claims))).status
    }
    for (const nbf of [undefined, 0, NOW_S - 7200, NOW_S, NOW_S + 60, String(NOW_S + 60)]) {
      expect(await statusWith(nbf), `${nbf}`).toBe(200)
    }
    for (const nbf of [
      NOW_S + 61,
      String(NOW_S + 61),
      1e12,
      null,
      '',
      'soon',
      '1e9',
      -Infinity,
      [],
      {},
      true,
    ]) {
      expect(await statusWith(nbf), JSON.stringify(nbf)).toBe(401)
    }
    const token = await forge(RS256, { ...goodClaims(tenant.keys['help-desk']), nbf: NOW_S + 61 })
    vi.setSystemTime((NOW_S + 1) * 1000)
    expect((await present(tenant, token)).status).toBe(200)
  })

  it('J3: a token without iat, exp, aud or sub is refused', async () => {
    const tenant = await newTenant()
    for (const name of ['iat', 'exp', 'aud', 'sub']) {
      const token = await forge(RS256, { ...goodClaims(tenant.keys['help-desk']), [name]: undefined })
      expect(await refusal(await present(tenant, token)), name).toEqual(REFUSAL)
    }
  })

  it('J3: aud is any base URL or origin of the tenant, with or without /v1 and a trailing slash, alone or in a list', async () => {
    const tenant = await newTenant()
    const base = `https://${tenant.host}/AdminInterface/restapi`
    for (const aud of [
      base,
      `${base}/`,
      `${base}/v1`,
      `${base}/v1/`,
      [base],
      ['https://elsewhere.example.com', `${base}/v1`],
      [7, base],
      `https://${tenant.host}`,
      `https://${tenant.host}/`,
      `https://${tenant.host}:443`,
      ['https://elsewhere.example.com', `https://${tenant.host}`],
      'http://localhost:8787',
      'http://localhost:9999/',
      'http://localhost:8787/AdminInterface/restapi',
      'http://localhost:9999/AdminInterface/restapi/v1',
    ]) {
      const token = await adminToken(tenant.keys['help-desk'], { aud })
      expect((await present(tenant, token)).status, JSON.stringify(aud)).toBe(200)
    }
  })

  it('J3: aud of another tenant, path, scheme or port, or of another type, is refused', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()]
    const base = `https://${tenant.host}/AdminInterface/restapi`
    for (const aud of [
      base.replace(tenant.host, other.host),
      base.replace(tenant.host, `x.${tenant.host}`),
      base.replace('https:', 'http:'),
      base.replace(tenant.host, `${tenant.host}:8443`),
      `https://${other.host}`,
      `https://x.${tenant.host}`,
      `http://${tenant.host}`,
      `https://${tenant.host}:8443`,
      `https://${tenant.host}/v1`,
      `https://${tenant.host}//`,
      `https://${tenant.host}/?v=1`,
      `https://${tenant.host}/#v1`,
      `https://${tenant.host}/AdminInterface`,
      `https://${tenant.host}/operator`,
      `${base}/v2`,
      `${base}/v1/v1`,
      `${base}//`,
      `${base}?v=1`,
      `${base}#v1`,
      tenant.host,
      'http://localhost:8787/operator',
      '',
      [],
      [[base]],
      { 0: base },
      null,
      7,
    ]) {
      const token = await adminToken(tenant.keys['help-desk'], { aud })
      expect(await refusal(await present(tenant, token)), JSON.stringify(aud)).toEqual(REFUSAL)
    }
  })

  it('J3: typ may be absent or in any case, and kid may be the access id or the kid of the key', async () => {
    const tenant = await newTenant()
    const key = tenant.keys['help-desk']
    const added = await operate('POST', `/tenants/${tenant.id}/keys`, {
      publicKey: { ...publicKey, kid: 'spring' },
      role: 'help-desk',
    })
    const named = await added.json<typeof key>()
    for (const token of [
      await forge({ alg: 'RS256' }, goodClaims(key)),
      await forge({ alg: 'RS256', typ: 'jwt' }, goodClaims(key)),
      await forge({ ...RS256, kid: key.accessID }, goodClaims(key)),
      await forge({ ...RS256, kid: 'spring' }, goodClaims(named)),
      await forge({ ...RS256, kid: named.accessID }, goodClaims(named)),
      await forge(RS256, { ...goodClaims(named), jti: 'x', scope: 'y', iss: 7 }),
    ]) {
      expect((await present(tenant, token)).status).toBe(200)
    }
  })
})
