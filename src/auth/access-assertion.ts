import { jwtVerify } from 'jose'
import { PROVIDER_ALGORITHMS, providerKeys } from './provider-keys.ts'
import type { OpenIdClaims } from './open-id.ts'

/** In which Cloudflare Access says who has passed it. Without Access in front, anybody can send one. */
export const ACCESS_HEADER = 'Cf-Access-Jwt-Assertion'

const TOKEN_LENGTH_MAX = 16_384
const CLOCK_SKEW_S = 60

/**
 * Who has passed Cloudflare Access: its token for this application, by its signature, issuer, audience and times.
 *
 * @returns nothing where the token is not good, for whatever reason; nor for a service token, behind which is nobody.
 */
export async function verifyAccessAssertion(
  { issuer, audience }: { issuer: string; audience: string },
  token: string,
  now: number,
  isLocalRun: boolean,
): Promise<OpenIdClaims | undefined> {
  if (token.length > TOKEN_LENGTH_MAX) return undefined
  try {
    const keys = providerKeys(`${issuer}/cdn-cgi/access/certs`, isLocalRun)
    const { payload } = await jwtVerify(token, keys, {
      algorithms: PROVIDER_ALGORITHMS,
      issuer,
      audience,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
      requiredClaims: ['iss', 'aud', 'sub', 'exp', 'iat'],
    })
    const { sub } = payload
    return sub ? { ...payload, sub } : undefined
  } catch {
    return undefined
  }
}
