import { generateKeyPairSync } from 'node:crypto'
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { adminToken, call, keyPair, newTenant, operate, publicKey, type TestKey } from '../../rig/service.ts'

type Shown = TestKey & {
  customerName: string
  description: string
  role: string
  publicKey: object
  createdAt: string
}

async function newTenantWithoutKeys() {
  const id = `t-${crypto.randomUUID()}`
  await operate('PUT', `/tenants/${id}`, { name: 'Acme', hosts: [`${id}.example.com`] })
  return `/tenants/${id}`
}

const post = (tenant: string, body: object = {}) =>
  operate('POST', `${tenant}/keys`, { publicKey, role: 'help-desk', description: 'desk', ...body })

async function list(tenant: string): Promise<Shown[]> {
  return (await (await operate('GET', `${tenant}/keys`)).json<{ keys: Shown[] }>()).keys
}

const privateJwk = (await crypto.subtle.exportKey('jwk', keyPair.privateKey)) as JsonWebKey

async function rsaJwk(modulusLength: number, publicExponent = [1, 0, 1]) {
  const pair = (await crypto.subtle.generateKey(
    {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength,
      publicExponent: new Uint8Array(publicExponent),
    },
    true,
    ['sign', 'verify'],
  )) as CryptoKeyPair
  const { kty, n, e } = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey
  return { kty, n, e }
}

describe('keys', () => {
  it('are added as a key file needs them, listed, and revoked', async () => {
    const tenant = await newTenantWithoutKeys()
    const added = await post(tenant, {
      publicKey: { ...publicKey, kid: 'k1', alg: 'RS256', use: 'sig', x: 1 },
    })
    expect(added.status).toBe(201)
    const key = await added.json<Shown>()
    const host = `${tenant.replace('/tenants/', '')}.example.com`
    expect(key).toEqual({
      customerName: 'Acme',
      accessID: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      adminRestApiUrl: `https://${host}/AdminInterface/restapi`,
      description: 'desk',
      role: 'help-desk',
      publicKey: { ...publicKey, kid: 'k1' },
      createdAt: expect.stringMatching(/Z$/),
    })
    const second = await (await post(tenant, { role: 'super-admin', description: undefined })).json<Shown>()
    expect(second).toMatchObject({ role: 'super-admin', description: '' })
    expect((await list(tenant)).map(({ accessID }) => accessID).toSorted()).toEqual([key, second].map(({ accessID }) => accessID).toSorted()) // oxfmt-ignore

    const use = async () =>
      call(`https://${host}/scim/v2/Users`, { method: 'GET', token: await adminToken(key) })
    expect((await use()).status).toBe(200)
    expect((await operate('DELETE', `${tenant}/keys/${key.accessID}`)).status).toBe(204)
    expect((await use()).status).toBe(401)
    expect((await operate('DELETE', `${tenant}/keys/${key.accessID}`)).status).toBe(404)
    expect((await operate('DELETE', `${tenant}/keys/none`)).status).toBe(404)
    expect(await list(tenant)).toEqual([second])
  })

  it('E3: are of one tenant: another tenant neither lists nor revokes them', async () => {
    const [tenant, other] = [await newTenant(), await newTenantWithoutKeys()]
    const { accessID } = tenant.keys['help-desk']
    expect((await operate('DELETE', `${other}/keys/${accessID}`)).status).toBe(404)
    expect(await list(other)).toEqual([])
    expect((await tenant.scim('GET', '/Users', undefined, 'help-desk')).status).toBe(200)
  })

  it('of a tenant that is none are 404', async () => {
    const none = `/tenants/t-${crypto.randomUUID()}`
    expect((await post(none)).status).toBe(404)
    expect((await operate('GET', `${none}/keys`)).status).toBe(404)
    expect((await operate('DELETE', `${none}/keys/x`)).status).toBe(404)
  })

  it('are 10 at most, also of 15 posted at once, and one revoked makes room for one', async () => {
    const tenant = await newTenantWithoutKeys()
    const answers = await Promise.all(Array.from({ length: 15 }, () => post(tenant)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(5)
    const [first, ...others] = await list(tenant)
    expect(others).toHaveLength(9)
    const full = await post(tenant)
    expect(await full.json()).toMatchObject({ status: 409, detail: expect.stringContaining('10 live keys') })
    await operate('DELETE', `${tenant}/keys/${first?.accessID}`)
    expect((await post(tenant)).status).toBe(201)
    expect((await post(tenant)).status).toBe(409)
  })

  it('D4: a private key is refused, neither stored nor quoted', async () => {
    const tenant = await newTenantWithoutKeys()
    const { d, p, q, dp, dq, qi } = privateJwk
    for (const members of [
      { d, p, q, dp, dq, qi },
      { d },
      { p },
      { q },
      { dp },
      { dq },
      { qi },
      { oth: [] },
      { k: 'AA' },
      { d: '' },
      { d: null },
    ]) {
      const refused = await post(tenant, { publicKey: { ...publicKey, ...members } })
      const answer = await refused.text()
      expect(refused.status, Object.keys(members).join()).toBe(400)
      expect(answer).toContain('publicKey holds private members')
      for (const member of [d, p, q, dp, dq, qi]) expect(answer).not.toContain(member)
    }
    expect(await list(tenant)).toEqual([])
    const stored = await env.DB.prepare('SELECT count(*) AS n FROM api_keys WHERE public_jwk LIKE ?').bind(`%${d?.slice(0, 30)}%`).first<number>('n') // oxfmt-ignore
    expect(stored).toBe(0)
  })

  it('J1: only RSA keys of 2048 to 4096 bits with the exponent 65537 are taken', async () => {
    const tenant = await newTenantWithoutKeys()
    const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
    const n = (bits: number) => Buffer.alloc(bits / 8, 0xc3).toString('base64url')
    for (const [jwk, member] of [
      [elliptic, 'publicKey.kty'],
      [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }, 'publicKey.kty'],
      [{ kty: 'oct', k: 'AA' }, 'publicKey.kty'],
      [{ ...publicKey, kty: 'rsa' }, 'publicKey.kty'],
      [await rsaJwk(1024), 'publicKey'],
      [{ ...publicKey, n: n(2040) }, 'publicKey'],
      [{ ...publicKey, n: n(4104) }, 'publicKey'],
      [{ ...publicKey, n: 'AA' }, 'publicKey'],
      [{ ...publicKey, n: '' }, 'publicKey.n'],
      [{ ...publicKey, n: '!!' }, 'publicKey.n'],
      [{ ...publicKey, n: 'A'.repeat(1025) }, 'publicKey.n'],
      [{ ...publicKey, n: 7 }, 'publicKey.n'],
      [{ ...publicKey, e: 'Aw' }, 'publicKey.e'],
      [{ ...publicKey, e: 'AQ' }, 'publicKey.e'],
      [{ ...publicKey, e: undefined }, 'publicKey.e'],
      [{ ...publicKey, alg: 'RS512' }, 'publicKey.alg'],
      [{ ...publicKey, use: 'enc' }, 'publicKey.use'],
      [{ ...publicKey, kid: 'k'.repeat(256) }, 'publicKey.kid'],
      [{ ...publicKey, kid: 7 }, 'publicKey.kid'],
      ['-----BEGIN PUBLIC KEY-----', 'publicKey'],
      [undefined, 'publicKey'],
      [null, 'publicKey'],
      [[publicKey], 'publicKey.kty'],
    ] as const) {
      const refused = await post(tenant, { publicKey: jwk })
      const { detail } = await refused.json<{ detail: string }>()
      expect([refused.status, detail.split(' ')[0]], JSON.stringify(jwk)).toEqual([400, member])
    }
    expect(await list(tenant)).toEqual([])
    expect((await post(tenant, { publicKey: { ...publicKey, n: n(4096) } })).status).toBe(201)
  })

  it('I1: another role, description or member is refused by name', async () => {
    const tenant = await newTenantWithoutKeys()
    for (const [body, member] of [
      [{ role: 'root' }, 'role'],
      [{ role: undefined }, 'role'],
      [{ role: '__proto__' }, 'role'],
      [{ role: ['help-desk'] }, 'role'],
      [{ description: 'x'.repeat(256) }, 'description'],
      [{ description: 'a\nb' }, 'description'],
      [{ description: 7 }, 'description'],
      [{ accessID: 'x' }, 'accessID'],
    ] as const) {
      const refused = await post(tenant, body)
      const { detail } = await refused.json<{ detail: string }>()
      expect([refused.status, detail.split(' ')[0]], JSON.stringify(body)).toEqual([400, member])
    }
    expect(await list(tenant)).toEqual([])
  })
})
