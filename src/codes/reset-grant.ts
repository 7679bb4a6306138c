import { importJWK, SignJWT } from 'jose'
import type { Config, SigningJwk } from '../config.ts'

/** Imported once per isolate: importing costs more than signing. */
const signingKeys = new WeakMap<SigningJwk, SigningKey>()

type SigningKey = Awaited<ReturnType<typeof importJWK>>

export type ResetGrant = {
  tenantId: string
  userId: string
  /** The code that was redeemed for it: makes the grant's `jti`, so that the audit leads to it. */
  codeId: string
  audience: string
  ttlSeconds: number
}

/**
 * Makes ready to sign reset grants, before a code is redeemed for one: a JWT that says, for some
 * minutes, that this user may set a new password.
 *
 * @throws {Error} when the key cannot sign.
 */
export async function resetGrantSigner({
  baseUrl,
  resetGrantKeys: [key],
}: Pick<Config, 'baseUrl' | 'resetGrantKeys'>) {
  const signingKey = await importSigningKey(key)
  return (grant: ResetGrant, now: number) => sign(baseUrl, key.kid, signingKey, grant, now)
}

function sign(
  baseUrl: string,
  kid: string,
  signingKey: SigningKey,
  { tenantId, userId, codeId, audience, ttlSeconds }: ResetGrant,
  now: number,
): Promise<string> {
  const issuedS = Math.floor(now / 1000)
  return new SignJWT({ tenant: tenantId })
    .setProtectedHeader({ alg: 'ES256', typ: 'reset-grant+jwt', kid })
    .setIssuer(baseUrl)
    .setAudience(audience)
    .setSubject(userId)
    .setJti(codeId)
    .setIssuedAt(issuedS)
    .setExpirationTime(issuedS + ttlSeconds)
    .sign(signingKey)
}

/** The public keys that grants are verified with (RFC 7517 §5). */
export function resetGrantJwks({ resetGrantKeys }: Pick<Config, 'resetGrantKeys'>) {
  const keys = resetGrantKeys.map(({ kty, crv, x, y, kid }) => ({
    kty,
    crv,
    x,
    y,
    kid,
    alg: 'ES256',
    use: 'sig',
  }))
  return { keys }
}

async function importSigningKey(jwk: SigningJwk): Promise<SigningKey> {
  const key = signingKeys.get(jwk) ?? (await importJWK(jwk, 'ES256'))
  signingKeys.set(jwk, key)
  return key
}
