import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { ConnectionError, GrantError, Rescind } from '@rescind/client'

/** Grants of every kind that is not good, signed with keys of these tests. A real one is verified in every runtime. */

const ISSUER = 'https://rescind.example'
const GRANTS = { tenant: 'acme', audience: 'https://app.acme.example', issuer: ISSUER }

let key: CryptoKey
let other: CryptoKey
let jwks: { keys: object[] }
let asked: string[]
let answer: () => Response | Promise<Response>

beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  key = pair.privateKey
  other = (await generateKeyPair('ES256')).privateKey
  jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] }
})

function verifier(grants: object = GRANTS): Rescind {
  asked = []
  answer = () => Response.json(jwks)
  const fetch = async (url: string) => {
    asked.push(url)
    return answer()
  }
  return new Rescind({
    baseUrl: 'https://reset.acme.example',
    grants: grants as typeof GRANTS,
    fetch: fetch as typeof globalThis.fetch,
  })
}

const nowS = () => Math.floor(Date.now() / 1000)

const claimsOf = () => ({
  iss: ISSUER,
  aud: GRANTS.audience,
  tenant: 'acme',
  sub: 'user',
  jti: 'grant',
  iat: nowS(),
  exp: nowS() + 300,
})

function sign(claims: object = {}, header: object = {}, signingKey = key): Promise<string> {
  return new SignJWT({ ...claimsOf(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'reset-grant+jwt', kid: 'one', ...header })
    .sign(signingKey)
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((error: unknown) => error)
  expect(error).toBeInstanceOf(GrantError)
  // The grant and what it says stay out of errors, which are logged.
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/eyJ|app\.acme|"user"/)
  return (error as GrantError).code
}

describe('verifyResetGrant', () => {
  it('says whose password may be set, and until when', async () => {
    const grant = await verifier().verifyResetGrant(await sign())
    expect(grant).toEqual({ userId: 'user', tenant: 'acme', grantId: 'grant', expiresAt: expect.any(Date) })
    expect(grant.expiresAt.getTime() - Date.now()).toBeGreaterThan(290_000)
  })

  it('fetches the keys of the issuer once, and again for one that is not there, and no more often than that', async () => {
    const rescind = verifier()
    await Promise.all([rescind.verifyResetGrant(await sign()), rescind.verifyResetGrant(await sign())])
    await rescind.verifyResetGrant(await sign())
    expect(asked).toEqual([`${ISSUER}/.well-known/jwks.json`])
    for (const kid of ['two', 'three']) {
      expect(await faultOf(rescind.verifyResetGrant(await sign({}, { kid })))).toBe('signature')
    }
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['another issuer', { iss: 'https://evil.example' }, 'claim'],
    ['the tenant’s own host as issuer', { iss: 'https://reset.acme.example' }, 'claim'],
    ['no issuer', { iss: undefined }, 'claim'],
    ['another audience', { aud: 'https://other.example' }, 'claim'],
    ['another audience beside ours', { aud: [GRANTS.audience, 'https://other.example'] }, 'claim'],
    ['ours alone, but as a list', { aud: [GRANTS.audience] }, 'claim'],
    ['no audience', { aud: undefined }, 'claim'],
    ['another tenant', { tenant: 'other' }, 'claim'],
    ['no tenant', { tenant: undefined }, 'claim'],
    ['a list of tenants', { tenant: ['acme'] }, 'claim'],
    ['no user', { sub: undefined }, 'claim'],
    ['an empty user', { sub: '' }, 'claim'],
    ['no id', { jti: undefined }, 'claim'],
    ['no end', { exp: undefined }, 'claim'],
    ['an end in words', { exp: 'tomorrow' }, 'claim'],
    ['no beginning', { iat: undefined }, 'claim'],
    ['a beginning to come', { iat: nowS() + 60 }, 'claim'],
    ['a time before which it is not good', { nbf: nowS() + 60 }, 'claim'],
    ['an end that has passed', { exp: nowS() - 10 }, 'expired'],
    ['an age of more than an hour', { iat: nowS() - 3_700 }, 'expired'],
  ])('refuses %s', async (_, claims, fault) => {
    expect(await faultOf(verifier().verifyResetGrant(await sign(claims)))).toBe(fault)
  })

  it.each([
    ['another type', { typ: 'JWT' }, 'claim'],
    ['no type', { typ: undefined }, 'claim'],
    ['the type of access tokens', { typ: 'at+jwt' }, 'claim'],
    ['another key', {}, 'signature'],
  ])('refuses %s', async (what, header, fault) => {
    const grant = await sign({}, header, what === 'another key' ? other : key)
    expect(await faultOf(verifier().verifyResetGrant(grant))).toBe(fault)
  })

  it('refuses every algorithm but ES256', async () => {
    const [, claims = ''] = (await sign()).split('.')
    const header = (alg: string) =>
      Buffer.from(JSON.stringify({ alg, typ: 'reset-grant+jwt', kid: 'one' })).toString('base64url')
    expect(await faultOf(verifier().verifyResetGrant(`${header('none')}.${claims}.`))).toBe('malformed')
    // Signed with the public key as a secret.
    const secret = new TextEncoder().encode(JSON.stringify(jwks.keys[0]))
    const confused = await new SignJWT(claimsOf())
      .setProtectedHeader({ alg: 'HS256', typ: 'reset-grant+jwt', kid: 'one' })
      .sign(secret)
    expect(await faultOf(verifier().verifyResetGrant(confused))).toBe('malformed')
  })

  it('refuses another algorithm, even with a key of the service', async () => {
    const pair = await generateKeyPair('RS256', { extractable: true })
    const rescind = verifier()
    const rsa = { ...(await exportJWK(pair.publicKey)), kid: 'rsa' }
    answer = () => Response.json({ keys: [...jwks.keys, rsa] })
    const grant = await sign({}, { alg: 'RS256', kid: 'rsa' }, pair.privateKey)
    expect(await faultOf(rescind.verifyResetGrant(grant))).toBe('malformed')
  })

  it('takes no key from the grant', async () => {
    const jwk = { ...(await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey)) }
    const grant = await sign({}, { jwk, jku: 'https://evil.example/jwks.json' }, other)
    expect(await faultOf(verifier().verifyResetGrant(grant))).toBe('signature')
    expect(asked).toEqual([`${ISSUER}/.well-known/jwks.json`])
  })

  it.each([undefined, null, 1, {}, '', 'a', 'a.b.c', '..', 'x'.repeat(5_000)])(
    'refuses what is none, and asks nobody: %j',
    async (grant) => {
      expect(await faultOf(verifier().verifyResetGrant(grant as string))).toBe('malformed')
      expect(asked).toEqual([])
    },
  )

  it('is refused by useOnce the second time, also when both come at once', async () => {
    const rescind = verifier()
    const grant = await sign()
    const used = new Map<string, Date>()
    const useOnce = async (id: string, expiresAt: Date) => {
      if (used.has(id)) return false
      used.set(id, expiresAt)
      return true
    }
    const both = await Promise.allSettled([1, 2].map(() => rescind.verifyResetGrant(grant, { useOnce })))
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(used.get('grant')?.getTime()).toBeGreaterThan(Date.now())
    // A bad grant is not noted.
    await faultOf(rescind.verifyResetGrant(await sign({ jti: 'bad', tenant: 'other' }), { useOnce }))
    expect([...used.keys()]).toEqual(['grant'])
    const fault = new Error('the database is away')
    await expect(rescind.verifyResetGrant(grant, { useOnce: () => Promise.reject(fault) })).rejects.toBe(
      fault,
    )
  })

  it.each([
    ['nothing answers', () => Promise.reject(new TypeError('fetch failed'))],
    ['an error answers', () => new Response('', { status: 503 })],
    ['it leads elsewhere', () => Response.redirect('https://evil.example/', 302)],
    ['it is no JSON', () => new Response('<html>')],
    ['it holds no keys', () => Response.json({ keys: 'none' })],
  ])('says that the keys were not fetched when %s, and fetches them the next time', async (_, answering) => {
    const rescind = verifier()
    const good = answer
    answer = answering
    await expect(rescind.verifyResetGrant(await sign())).rejects.toThrow(ConnectionError)
    answer = good
    expect(await rescind.verifyResetGrant(await sign())).toMatchObject({ userId: 'user' })
  })

  it('ends with its signal', async () => {
    const rescind = verifier()
    answer = () => new Promise(() => {})
    const reason = new Error('enough')
    const controller = new AbortController()
    const verified = rescind.verifyResetGrant(await sign(), { signal: controller.signal })
    controller.abort(reason)
    await expect(verified).rejects.toBe(reason)
    await expect(rescind.verifyResetGrant('', { signal: controller.signal })).rejects.toBe(reason)
  })

  it('needs to know for whom', async () => {
    const rescind = new Rescind({ baseUrl: 'https://reset.acme.example' })
    await expect(rescind.verifyResetGrant(await sign())).rejects.toThrow('grants must be given')
    for (const grants of [
      {},
      { tenant: 'acme' },
      { tenant: '', audience: 'a' },
      { ...GRANTS, issuer: 'ftp://a/' },
    ]) {
      expect(() => verifier(grants)).toThrow(TypeError)
    }
  })
})
