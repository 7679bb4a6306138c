import { compactVerify, decodeJwt } from 'jose'
import type { Config } from '../config.ts'

/** Skew between clocks that is allowed for. */
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
    await compactVerify(token, operatorPublicJwk, { algorithms: ['ES256'] })
    const claims = decodeJwt(token)
    const isForUs = [claims.aud].flat().includes(`${baseUrl}/operator`)
    return claims.iss === 'rescind-operator' && isForUs && isTimely(claims, now / 1000)
  } catch {
    return false
  }
}

/** The times that RFC 7519 defines, all numbers; `iat` and `exp` are required. */
function isTimely({ iat, exp, nbf = iat }: Record<string, unknown>, nowS: number): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number' || typeof nbf !== 'number') return false
  const isBegun = iat <= nowS + CLOCK_SKEW_S && nbf <= nowS + CLOCK_SKEW_S
  return isBegun && exp > nowS - CLOCK_SKEW_S && exp - iat <= LIFETIME_S_MAX
}
