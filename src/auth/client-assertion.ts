import { createHash } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose'
import type { Config } from '../config.ts'
import { clientOfId } from '../tenants/catalogue.ts'
import type { OAuthClient } from '../tenants/oauth-client-store.ts'
import { isTokenAudience, type Tenant } from '../tenants/tenant.ts'
import { isPlainHeader } from './api-key-token.ts'
import { isOurClientId } from './client-id.ts'

/** How long an assertion may be good for, and the skew between clocks that is allowed for. */
const LIFETIME_S_MAX = 3600
const CLOCK_SKEW_S = 60
const ASSERTION_LENGTH_MAX = 4096
const JTI_LENGTH_MAX = 255

/** Client authentication by `private_key_jwt` (RFC 7523 §3). */
export type Assertion = {
  client: OAuthClient
  /** What the assertion is used up under, and until when, epoch ms. */
  jtiDigest: string
  expiresAt: number
}

/** Imported once per isolate and set of keys. */
const keySets = new WeakMap<JSONWebKeySet, ReturnType<typeof createLocalJWKSet>>()

/**
 * Verifies a client's assertion: RS256, ES256 or EdDSA by one of its keys, for this tenant's token endpoint. The
 * cheap checks come first, so that garbage costs neither a read of the database nor a signature check.
 *
 * @param clientId the `client_id` beside it, where one was sent: it must be the same.
 * @returns nothing where it is not good, for whatever reason.
 */
export async function verifyAssertion(
  db: D1Database,
  { accessIdKeys, baseUrl }: Pick<Config, 'accessIdKeys' | 'baseUrl'>,
  tenant: Tenant,
  assertion: string,
  { clientId, now }: { clientId: string | undefined; now: number },
): Promise<Assertion | undefined> {
  if (assertion.length > ASSERTION_LENGTH_MAX) return undefined
  try {
    const { sub = '' } = decodeJwt(assertion)
    if ((clientId !== undefined && clientId !== sub) || !isOurClientId(accessIdKeys, sub)) return undefined
    const known = await clientOfId(db, sub)
    if (known?.tenant.id !== tenant.id) return undefined
    const { client } = known
    const keySet = keySets.get(client.jwks) ?? createLocalJWKSet(client.jwks)
    keySets.set(client.jwks, keySet)
    const { payload, protectedHeader } = await jwtVerify(assertion, keySet, {
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      issuer: sub,
      subject: sub,
      requiredClaims: ['aud', 'exp', 'jti'],
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    const { aud, exp = 0, iat, jti } = payload
    // One audience, as one string: an assertion for two servers is one that either can use at the other.
    const isMeant = typeof aud === 'string' && isTokenAudience(tenant, baseUrl, aud)
    const isShort = exp - now / 1000 <= LIFETIME_S_MAX + CLOCK_SKEW_S
    const isTimely = iat === undefined || iat <= now / 1000 + CLOCK_SKEW_S
    if (!isMeant || !isShort || !isTimely || !isPlainHeader(protectedHeader)) return undefined
    if (typeof jti !== 'string' || jti === '' || jti.length > JTI_LENGTH_MAX) return undefined
    const jtiDigest = createHash('sha256').update(jti).digest('base64url')
    // jose compares whole seconds: a part of one counts whole, or it is forgotten while it is still good.
    return { client, jtiDigest, expiresAt: (Math.ceil(exp) + CLOCK_SKEW_S) * 1000 }
  } catch {
    return undefined
  }
}
