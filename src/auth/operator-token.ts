import { errors, jwtVerify } from 'jose'
import type { Config } from '../config.ts'

/** Skew between clocks that is allowed for. */
const CLOCK_SKEW_S = 60
const LIFETIME_S_MAX = 3600

/** Why a token was refused. For the log alone: the caller learns only that it was. */
export type OperatorTokenFault = 'malformed' | 'algorithm' | 'signature' | 'issuer' | 'audience' | 'time'

export type OperatorTokenOutcome = { tag: 'verified' } | { tag: 'refused'; fault: OperatorTokenFault }

/**
 * Verifies the operator's token: ES256 by the configured key, `iss` `rescind-operator`, `aud` this
 * service's base URL + `/operator`, one hour at most from `iat` to `exp`.
 */
export async function verifyOperatorToken(
  { operatorPublicJwk, baseUrl }: Pick<Config, 'operatorPublicJwk' | 'baseUrl'>,
  token: string,
  now: number,
): Promise<OperatorTokenOutcome> {
  try {
    const { payload } = await jwtVerify(token, operatorPublicJwk, {
      algorithms: ['ES256'],
      issuer: 'rescind-operator',
      audience: `${baseUrl}/operator`,
      requiredClaims: ['iat', 'exp'],
      // An `iat` in the future is refused with it.
      maxTokenAge: LIFETIME_S_MAX,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    })
    const { iat = 0, exp = Infinity } = payload
    return exp - iat <= LIFETIME_S_MAX ? { tag: 'verified' } : { tag: 'refused', fault: 'time' }
  } catch (error) {
    return { tag: 'refused', fault: faultOf(error) }
  }
}

/** The fault that a wrong claim means. Every other claim that is checked is a time. */
const CLAIM_FAULTS: Readonly<Record<string, OperatorTokenFault>> = { iss: 'issuer', aud: 'audience' }

function faultOf(error: unknown): OperatorTokenFault {
  if (error instanceof errors.JWTExpired) return 'time'
  if (error instanceof errors.JWTClaimValidationFailed) return CLAIM_FAULTS[error.claim] ?? 'time'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  return 'malformed'
}
