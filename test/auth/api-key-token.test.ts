import { createExecutionContext } from 'cloudflare:test'
import { createHmac, createPublicKey } from 'node:crypto'
import { env } from 'cloudflare:workers'
import { CompactEncrypt, importJWK } from 'jose'
import { describe, expect, it, vi } from 'vitest'
import { app } from '../../src/local.ts'
import { countingD1 } from '../rig/counting-d1.ts'
import {
  BAD_TOKEN,
  HARMLESS,
  NO_TOKEN,
  REFUSAL,
  RS256,
  base64url,
  forge,
  goodClaims,
  present,
  refusal,
  signRs256,
  type Part,
  voidUrl,
} from '../rig/forge.ts'
import { keyPair, newTenant, publicKey, type Tenant } from '../rig/service.ts'

const hs256 = (secret: string | Buffer) => (input: Uint8Array) =>
  new Uint8Array(createHmac('sha256', secret).update(input).digest()).buffer
const publicJwk = { kty: 'RSA', n: publicKey.n ?? '', e: 'AQAB' }
const rsaKey = createPublicKey({ key: publicJwk, format: 'jwk' })
const ecKey = (await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
  'sign',
  'verify',
])) as CryptoKeyPair
const strangerKey = (await crypto.subtle.generateKey(
  {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  true,
  ['sign', 'verify'],
)) as CryptoKeyPair
const strangerJwk = (await crypto.subtle.exportKey('jwk', strangerKey.publicKey)) as JsonWebKey
const asStranger = (input: Uint8Array<ArrayBuffer>) =>
  crypto.subtle.sign('RSASSA-PKCS1-v1_5', strangerKey.privateKey, input)
const privateJwk = (await crypto.subtle.exportKey('jwk', keyPair.privateKey)) as JsonWebKey

/** The genuine private key under another algorithm. */
function signAs(algorithm: { name: string; hash: string; saltLength?: number }) {
  return async (input: Uint8Array<ArrayBuffer>) => {
    const { name, hash } = algorithm
    const { kty, n, e, d, p, q, dp, dq, qi } = privateJwk as Required<JsonWebKey>
    const jwk = { kty, n, e, d, p, q, dp, dq, qi }
    const key = await crypto.subtle.importKey('jwk', jwk, { name, hash }, false, ['sign'])
    return crypto.subtle.sign(algorithm, key, input)
  }
}

describe('the algorithm and the key of a token', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])(
    'J1: an unsigned token with alg "%s" is refused',
    async (alg) => {
      const tenant = await newTenant()
      const claims = goodClaims(tenant.keys['help-desk'])
      const unsigned = await forge({ alg, typ: 'JWT' }, claims, () => new ArrayBuffer())
      expect(await refusal(await present(tenant, unsigned))).toEqual(REFUSAL)
      expect(await refusal(await present(tenant, await forge({ alg, typ: 'JWT' }, claims)))).toEqual(REFUSAL)
    },
  )

  it.each([
    ['PEM', rsaKey.export({ type: 'spki', format: 'pem' })],
    ['PKCS#1 PEM', rsaKey.export({ type: 'pkcs1', format: 'pem' })],
    ['DER', rsaKey.export({ type: 'spki', format: 'der' })],
    ['JWK', JSON.stringify(publicJwk)],
    ['modulus', Buffer.from(publicJwk.n, 'base64url')],
    ['nothing', ''],
  ])('J1: a token signed with HS256 by the public key as %s is refused', async (_, secret) => {
    const tenant = await newTenant()
    const claims = goodClaims(tenant.keys['help-desk'])
    for (const alg of ['HS256', 'RS256']) {
      const token = await forge({ alg, typ: 'JWT' }, claims, hs256(secret))
      expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
    }
  })

  it.each([
    ['RS384', signAs({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' })],
    ['RS512', signAs({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' })],
    ['PS256', signAs({ name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 })],
    [
      'ES256',
      (input: Uint8Array<ArrayBuffer>) =>
        crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, ecKey.privateKey, input),
    ],
    ['rs256', signRs256],
    ['RS256 ', signRs256],
  ] as const)('J1: a token whose alg is "%s" is refused', async (alg, sign) => {
    const tenant = await newTenant()
    const token = await forge({ alg, typ: 'JWT' }, goodClaims(tenant.keys['help-desk']), sign)
    expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
  })

  it.each([
    ['jwk', { jwk: publicJwk }],
    ['jku', { jku: 'https://keys.example.com/jwks.json' }],
    ['x5u', { x5u: 'https://keys.example.com/chain.pem' }],
    ['x5c', { x5c: ['MIIB'] }],
    ['crit', { crit: ['exp'], exp: 1 }],
    ['empty crit', { crit: [] }],
    ['b64', { b64: true }],
    ['critical b64', { b64: true, crit: ['b64'] }],
    ['zip', { zip: 'DEF' }],
    ['enc', { enc: 'A256GCM' }],
    ['null jwk', { jwk: null }],
    ['an alien typ', { typ: 'at+jwt' }],
    ['a typ that is no string', { typ: ['JWT'] }],
  ])('J1: a well signed token with %s in its header is refused, and nothing fetched', async (_, header) => {
    const tenant = await newTenant()
    const fetched = vi.spyOn(globalThis, 'fetch')
    const token = await forge({ ...RS256, ...header }, goodClaims(tenant.keys['help-desk']))
    expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
    expect(fetched).not.toHaveBeenCalled()
    fetched.mockRestore()
  })

  it('J1: a token signed by a stranger is refused, with and without the key of the stranger in it', async () => {
    const tenant = await newTenant()
    const claims = goodClaims(tenant.keys['help-desk'])
    const headers: Part[] = [
      RS256,
      { ...RS256, jwk: strangerJwk },
      { ...RS256, jwk: { ...strangerJwk, alg: 'RS256' } },
    ]
    for (const header of headers) {
      expect(await refusal(await present(tenant, await forge(header, claims, asStranger)))).toEqual(REFUSAL)
    }
  })

  it('J1: an encrypted token and a token of another number of parts is refused', async () => {
    const tenant = await newTenant()
    const claims = goodClaims(tenant.keys['help-desk'])
    const encrypted = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(await importJWK(publicJwk, 'RSA-OAEP-256'))
    const good = await forge(RS256, claims)
    const [header = '', payload = '', signature = ''] = good.split('.')
    for (const token of [
      encrypted,
      `${good}.`,
      `${good}.${signature}.${signature}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      `${header}.${payload}.${signature.slice(2)}`,
      `${header}.${base64url({ ...claims, exp: claims.exp + 1 })}.${signature}`,
    ]) {
      expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
    }
    expect((await present(tenant, good)).status).toBe(200)
  })
})

describe('hostile tokens', () => {
  const NOT_TEXTS: unknown[] = [null, true, 0, -1, 1e308, [], {}, [[]], { toString: 'x' }]
  const TEXTS = [
    '',
    ' ',
    '__proto__',
    'constructor',
    "' OR 1=1 --",
    '%',
    '\u0000',
    '𝕬\u202e',
    'a'.repeat(2_000),
  ]

  /** Well signed tokens that say something hostile of who they are from. */
  async function hostileTokens(tenant: Tenant): Promise<string[]> {
    const claims = goodClaims(tenant.keys['help-desk'])
    const { sub } = claims
    const disguises = [
      [sub],
      { value: sub },
      ` ${sub}`,
      `${sub}\n`,
      `{${sub}}`,
      `urn:uuid:${sub}`,
      `${sub}'--`,
    ]
    const subjects = [...NOT_TEXTS, ...TEXTS, ...disguises].map((value) =>
      forge(RS256, { ...claims, sub: value }),
    )
    const times = [null, true, '', 'now', '0x5f5e100', '1e9', '-1', -1, [claims.exp], { value: claims.exp }]
    const expiries = [...times, 1e308].map((exp) => forge(RS256, { ...claims, exp }))
    const issues = times.map((iat) => forge(RS256, { ...claims, iat }))
    const otherwise = ['none', 'HS256', 'RS384', 'ES256', 'rs256', null].map((alg) => forge({ alg }, claims))
    const long = forge(RS256, { ...claims, x: 'x'.repeat(4_096) })
    const infinite = forge(RS256, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999'))
    const keyIds = NOT_TEXTS.map((kid) => forge({ ...RS256, kid }, claims))
    return Promise.all([...subjects, ...expiries, ...issues, ...otherwise, long, infinite, ...keyIds])
  }

  /** Texts that are no token at all, or one of no sense. */
  async function garbage(): Promise<string[]> {
    const parts = [
      '',
      '.',
      '..',
      '....',
      '{}',
      'bm8',
      '____',
      '-',
      'a'.repeat(100_000),
      '[]',
      'null',
      '"x"',
      '1',
      '{',
    ]
    const spelled = parts.flatMap((part) => [
      `${part}.${part}.${part}`,
      `${base64url(part)}.${base64url(part)}.AAAA`,
      `${base64url(RS256)}.${base64url(part)}.AAAA`,
    ])
    const invented = Array.from({ length: 50 }, () =>
      forge(
        RS256,
        goodClaims({
          accessID: crypto.randomUUID(),
          adminRestApiUrl: 'https://localhost/AdminInterface/restapi',
        }),
      ),
    )
    const deep = `{"alg":"RS256","x":${'['.repeat(1_200)}${']'.repeat(1_200)}}`
    const prototyped = '{"__proto__":{"alg":"RS256"},"constructor":{"alg":"RS256"}}'
    const overlong = forge(RS256, {
      ...goodClaims({ accessID: crypto.randomUUID(), adminRestApiUrl: 'x' }),
      x: 'x'.repeat(75_000),
    })
    const contradictory = '{"alg":"RS256","alg":"none"}'
    return [
      ...spelled,
      ...(await Promise.all([
        ...invented,
        overlong,
        forge(deep, '{}'),
        forge(prototyped, '{}'),
        forge(contradictory, '{}'),
      ])),
      `${base64url(RS256)}.${Buffer.from([0xff, 0xfe, 0x7b]).toString('base64url')}.AAAA`,
    ]
  }

  it('J2: hostile values and encodings give 401, and garbage costs no database read', async () => {
    const tenant = await newTenant()
    const DB = countingD1(env.DB)
    const send = (token: string) =>
      app.request(
        voidUrl(tenant),
        {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: JSON.stringify(HARMLESS),
        },
        { ...env, DB },
        createExecutionContext(),
      )
    for (const token of [...(await hostileTokens(tenant)), ...(await garbage())]) {
      // What cannot stand behind Bearer (RFC 6750 §2.1) is no token.
      const challenge = /^[\w.~+/-]+=*$/.test(token) ? BAD_TOKEN : NO_TOKEN
      expect(await refusal(await send(token), challenge), token.slice(0, 200)).toEqual(REFUSAL)
    }
    expect(DB.trips).toBe(0)
    // The counter counts: a good token is looked up, and its call writes.
    expect((await send(await tenant.token())).status).toBe(200)
    expect(DB.trips).toBe(2)
  })

  it('J2: a kid that is a string, and wrong, is refused', async () => {
    const tenant = await newTenant()
    const { accessID } = tenant.keys['super-admin']
    for (const kid of [accessID, '', '__proto__', "' OR 1=1 --", '../key', 'k'.repeat(1_000)]) {
      const token = await forge({ ...RS256, kid }, goodClaims(tenant.keys['help-desk']))
      expect(await refusal(await present(tenant, token))).toEqual(REFUSAL)
    }
  })

  it('J2: of a member named twice the last counts, for us as for the library', async () => {
    const tenant = await newTenant()
    const claims = JSON.stringify(goodClaims(tenant.keys['help-desk']))
    const stranger = `{"sub":"${crypto.randomUUID()}",${claims.slice(1)}`
    const twice = `${claims.slice(0, -1)},"sub":"${crypto.randomUUID()}"}`
    expect((await present(tenant, await forge(RS256, stranger))).status).toBe(200)
    expect((await present(tenant, await forge(RS256, twice))).status).toBe(401)
    expect((await present(tenant, await forge('{"alg":"RS256","alg":"none"}', claims))).status).toBe(401)
  })
})
