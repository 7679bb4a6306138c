import { describe, expect, it } from 'vitest'
import { addClient, clientKey } from '../../rig/oauth.ts'
import { newTenant, operate } from '../../rig/service.ts'

const key = await clientKey('ES256')
const SCOPES = ['rsa.user.read']

type Algorithm = Parameters<typeof crypto.subtle.generateKey>[0]
async function jwks(algorithm: object, usages: ('sign' | 'verify')[] = ['sign', 'verify']) {
  const pair = (await crypto.subtle.generateKey(algorithm as Algorithm, true, usages)) as CryptoKeyPair
  const [open, secret] = await Promise.all(
    [pair.publicKey, pair.privateKey].map((each) => crypto.subtle.exportKey('jwk', each)),
  )
  const { kty, n, e, crv, x, y } = open as JsonWebKey
  return { open: { kty, n, e, crv, x, y, kid: 'k' }, secret: { ...(secret as JsonWebKey), kid: 'k' } }
}
const rsa = (modulusLength: number) => ({
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
})

describe('the keys of a client', () => {
  const ec = jwks({ name: 'ECDSA', namedCurve: 'P-256' })
  it.each<[string, () => Promise<object[]>]>([
    ['a private key', async () => [(await ec).secret]],
    ['a private RSA key', async () => [(await jwks(rsa(2048))).secret]],
    ['a symmetric key', async () => [{ kty: 'oct', k: 'AAAA', kid: 'k' }]],
    ['an RSA key of 1024 bits', async () => [(await jwks(rsa(1024))).open]],
    ['a key of P-384', async () => [(await jwks({ name: 'ECDSA', namedCurve: 'P-384' })).open]],
    ['a point that is not on its curve', async () => [{ ...(await ec).open, x: (await ec).open.y }]],
    ['a key to encrypt for', async () => [{ ...(await ec).open, use: 'enc' }]],
    ['a key of another algorithm', async () => [{ ...(await ec).open, alg: 'ES512' }]],
    ['a key for other operations', async () => [{ ...(await ec).open, key_ops: ['deriveBits'] }]],
    ['a key without a kid', async () => [{ ...(await ec).open, kid: undefined }]],
    ['a kid twice', async () => [(await ec).open, (await ec).open]],
    ['no key', async () => []],
    [
      'eleven keys',
      async () => {
        const { open } = await ec
        return Array.from({ length: 11 }, (_, nth) => ({ ...open, kid: String(nth) }))
      },
    ],
  ])('J1, I1: are not %s', async (_, keys) => {
    const tenant = await newTenant()
    const refused = await operate('POST', `/tenants/${tenant.id}/clients`, {
      jwks: { keys: await keys() },
      scopes: SCOPES,
    })
    const text = await refused.text()
    expect([refused.status, text.includes('jwks')]).toEqual([400, true])
    const listed = await operate('GET', `/tenants/${tenant.id}/clients`)
    expect(await listed.json()).toEqual({ clients: [] })
  })

  it('may say that they are for signatures', async () => {
    const tenant = await newTenant()
    const { open } = await ec
    const added = await operate('POST', `/tenants/${tenant.id}/clients`, {
      jwks: { keys: [{ ...open, use: 'sig', alg: 'ES256', key_ops: ['verify'] }] },
      scopes: SCOPES,
    })
    expect(added.status).toBe(201)
  })
})

describe('how many a tenant has', () => {
  it('is ten clients, however many are made at once', async () => {
    const tenant = await newTenant()
    const body = { jwks: { keys: [key.jwk] }, scopes: SCOPES }
    const all = await Promise.all(
      Array.from({ length: 25 }, () => operate('POST', `/tenants/${tenant.id}/clients`, body)),
    )
    const statuses = all.map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([
      ...Array.from({ length: 10 }, () => 201),
      ...Array.from({ length: 15 }, () => 409),
    ])
    const [{ clientId } = { clientId: '' }] = await Promise.all(
      all.filter(({ status }) => status === 201).map((each) => each.json<{ clientId: string }>()),
    )
    await operate('DELETE', `/tenants/${tenant.id}/clients/${clientId}`)
    expect(await addClient(tenant, key, SCOPES)).toMatchObject({ clientId: expect.any(String) })
  })

  it('is five SCIM tokens', async () => {
    const tenant = await newTenant()
    const all = await Promise.all(
      Array.from({ length: 12 }, () => operate('POST', `/tenants/${tenant.id}/scim-tokens`, {})),
    )
    const statuses = all.map(({ status }) => status).toSorted((a, b) => a - b)
    expect(statuses).toEqual([
      ...Array.from({ length: 5 }, () => 201),
      ...Array.from({ length: 7 }, () => 409),
    ])
  })
})
