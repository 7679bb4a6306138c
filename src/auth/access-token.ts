import { createLocalJWKSet, decodeJwt, importJWK, jwtVerify, SignJWT } from 'jose'
import type { Config, SigningJwk } from '../config.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { clientOfId, type KnownClient } from '../tenants/catalogue.ts'
import { isScope, type Scope } from '../tenants/scope.ts'
import { adminRestApiUrl, isAdminAudience, isIssuer, type Tenant } from '../tenants/tenant.ts'
import { isOurClientId } from './client-id.ts'

/** Access tokens of OAuth clients: JWTs by RFC 9068, which the service signs and verifies itself. */

export const ACCESS_TOKEN_TTL_S = 3600
/** RFC 9068 §2.1: no other token is taken for one. */
const TYPE = 'at+jwt'
const TOKEN_LENGTH_MAX = 4096
/** Good tokens that an isolate remembers: clients send one for up to an hour. */
const VERIFIED_MAX = 1_000

/** Imported once per isolate: importing costs more than signing. */
const signingKeys = new WeakMap<SigningJwk, Awaited<ReturnType<typeof importJWK>>>()
const keySets = new WeakMap<Config['accessTokenKeys'], ReturnType<typeof createLocalJWKSet>>()

type Settings = Pick<Config, 'accessIdKeys' | 'accessTokenKeys' | 'baseUrl'>

/** What a good token says, for as long as it does: its end is in epoch seconds. */
type Claims = {
  clientId: string
  issuer: string
  audience: string
  scopes: readonly Scope[]
  expiresS: number
}

const verified = new ExpiringMap<Claims>(VERIFIED_MAX)

/** Signs a token of a client for the admin API of its tenant, good for {@link ACCESS_TOKEN_TTL_S}. */
export async function newAccessToken(
  { accessTokenKeys: [key], baseUrl }: Settings,
  tenant: Tenant,
  { issuer, clientId, scopes }: { issuer: string; clientId: string; scopes: readonly Scope[] },
  now: number,
): Promise<string> {
  const signingKey = signingKeys.get(key) ?? (await importJWK(key, 'ES256'))
  signingKeys.set(key, signingKey)
  const issuedS = Math.floor(now / 1000)
  return new SignJWT({ client_id: clientId, scope: scopes.join(' ') })
    .setProtectedHeader({ alg: 'ES256', typ: TYPE, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(adminRestApiUrl(tenant, baseUrl))
    .setSubject(clientId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(issuedS)
    .setExpirationTime(issuedS + ACCESS_TOKEN_TTL_S)
    .sign(signingKey)
}

/**
 * The client of an access token, its tenant, and the scopes that the token has and the client still may have. A
 * token that we have not signed costs no read of the database.
 *
 * @returns nothing where the token is not good, or its client is not there any more.
 */
export async function verifyAccessToken(
  db: D1Database,
  settings: Settings,
  token: string,
  now: number,
): Promise<(KnownClient & { scopes: readonly Scope[] }) | undefined> {
  const claims = verified.get(token, now) ?? (await verify(settings, token, now))
  if (claims === undefined || claims.expiresS * 1000 <= now) return undefined
  const known = await clientOfId(db, claims.clientId)
  if (known === undefined) return undefined
  const { tenant, client } = known
  const isOurs =
    isIssuer(tenant, settings.baseUrl, claims.issuer) &&
    isAdminAudience(tenant, settings.baseUrl, claims.audience)
  if (!isOurs) return undefined
  return { ...known, scopes: claims.scopes.filter((scope) => client.scopes.includes(scope)) }
}

async function verify(settings: Settings, token: string, now: number): Promise<Claims | undefined> {
  const { accessIdKeys, accessTokenKeys } = settings
  if (token.length > TOKEN_LENGTH_MAX) return undefined
  try {
    const { sub = '' } = decodeJwt(token)
    if (!isOurClientId(accessIdKeys, sub)) return undefined
    const keySet = keySets.get(accessTokenKeys) ?? createLocalJWKSet(accessTokenJwks(settings))
    keySets.set(accessTokenKeys, keySet)
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: ['ES256'],
      typ: TYPE,
      currentDate: new Date(now),
      requiredClaims: ['iss', 'aud', 'sub', 'exp', 'iat', 'client_id', 'scope'],
    })
    const { iss, aud, exp, scope } = payload
    if (iss === undefined || typeof aud !== 'string' || exp === undefined || typeof scope !== 'string') {
      return undefined
    }
    const scopes = scope.split(' ').filter(isScope)
    const claims = { clientId: sub, issuer: iss, audience: aud, scopes, expiresS: exp }
    verified.set(token, claims, exp * 1000)
    return claims
  } catch {
    return undefined
  }
}

/** The public keys of access tokens (RFC 7517 §5). */
export function accessTokenJwks({ accessTokenKeys }: Pick<Config, 'accessTokenKeys'>) {
  const keys = accessTokenKeys.map(({ kty, crv, x, y, kid }) => ({
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
