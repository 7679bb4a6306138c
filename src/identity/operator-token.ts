import { importJWK, jwtVerify } from 'jose'
import type { Config } from '../bindings.ts'

/** Skew between clocks. */
const CLOCK_SKEW_S = 60
const LIFETIME_S_MAX = 3600

/**
 * Whether the token is the operator's: ES256 by the configured key, `iss` `rescind-operator`, `aud`
 * this service's base URL + `/operator`, one hour at most.
 */
export async function isOperatorToken(
  { operatorPublicJwk, baseUrl }: Pick<Config, 'operatorPublicJwk' | 'baseUrl'>,
  token: string,
  now: number,
): Promise<boolean> {
  try {
    const key = await importJWK(operatorPublicJwk, 'ES256')
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['ES256'],
      issuer: 'rescind-operator',
      audience: `${baseUrl}/operator`,
      requiredClaims: ['iat', 'exp'],
      maxTokenAge: LIFETIME_S_MAX,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    const { iat = 0, exp = Infinity } = payload
    return exp - iat <= LIFETIME_S_MAX
  } catch {
    return false
  }
}
