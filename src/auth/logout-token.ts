import { decodeJwt, jwtVerify } from 'jose'
import { createHash } from 'node:crypto'
import { isRecord } from '../record.ts'
import { jwksUriOf, type OpenIdClient } from './open-id.ts'
import { PROVIDER_ALGORITHMS, providerKeys } from './provider-keys.ts'

const TOKEN_LENGTH_MAX = 16_384
const CLOCK_SKEW_S = 60
/** How old a token may be: who keeps it longer has had it stolen. */
const AGE_MAX_S = 300
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** What a provider says has ended: a session of its own, or all of a person. */
export type Logout = {
  providerSession: string | undefined
  subject: string | undefined
  /** SHA-256 of the token's `jti`, and until when the token would be good. */
  jtiDigest: string
  expiresAt: number
}

/**
 * A logout token of the provider (OpenID Connect Back-Channel Logout 1.0 §2.6). What is not for us, by its own word,
 * costs no call to the provider.
 *
 * @returns nothing where the token is not good, for whatever reason.
 */
export async function verifyLogoutToken(
  client: OpenIdClient,
  token: string,
  now: number,
  isLocalRun: boolean,
): Promise<Logout | undefined> {
  if (token.length > TOKEN_LENGTH_MAX) return undefined
  try {
    const { iss, aud } = decodeJwt(token)
    if (iss !== client.issuer || ![aud].flat().includes(client.clientId)) return undefined
    const keys = providerKeys(await jwksUriOf(client, isLocalRun), isLocalRun)
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      algorithms: PROVIDER_ALGORITHMS,
      issuer: client.issuer,
      audience: client.clientId,
      maxTokenAge: AGE_MAX_S,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
      requiredClaims: ['iss', 'aud', 'iat', 'jti', 'events'],
    })
    const { sub: subject, sid, jti = '', iat = 0, events } = payload
    const providerSession = typeof sid === 'string' && sid !== '' ? sid : undefined
    // An ID token is none, although it is signed by the same key: it has a nonce, and no such event.
    const isTyped = [undefined, 'logout+jwt', 'JWT'].includes(protectedHeader.typ)
    const isLogout = isRecord(events) && isRecord(events[EVENT]) && !('nonce' in payload) && isTyped
    if (!isLogout || (subject === undefined && providerSession === undefined)) return undefined
    const jtiDigest = createHash('sha256').update(jti).digest('base64url')
    return { providerSession, subject, jtiDigest, expiresAt: (iat + AGE_MAX_S + CLOCK_SKEW_S) * 1000 }
  } catch {
    return undefined
  }
}
