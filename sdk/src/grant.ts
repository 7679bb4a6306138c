import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { isText, serviceOrigin, text } from './check.ts'
import { ConnectionError, GrantError, type GrantFault } from './errors.ts'
import { orAborted } from './wait.ts'

/** What a grant must say to be for this application. */
export type GrantOptions = {
  /** The id of the tenant: the same keys sign the grants of all of them. */
  tenant: string
  /** `redeem.audience` of the tenant's policy. */
  audience: string
  /** The service's own base URL, which signs; the client's `baseUrl` by default. */
  issuer?: string | undefined
}

export type VerifyOptions = {
  /**
   * Notes that the grant of this id is used, and says whether this is the first time. Without it a grant is good as
   * often as it is brought, until it ends. The id can be forgotten after `expiresAt`.
   */
  useOnce?: ((grantId: string, expiresAt: Date) => boolean | Promise<boolean>) | undefined
  signal?: AbortSignal | undefined
}

/** Whoever has brought it may set this user's password. */
export type ResetGrant = { userId: string; tenant: string; grantId: string; expiresAt: Date }

/** The longest grant that a policy allows, and the skew between clocks. */
const LIFE_MAX = '1h'
const SKEW_S = 5
/** Real grants have some 500 characters. */
const GRANT_LENGTH_MAX = 4096

/**
 * What verifies grants, by the service's published keys: it keeps them for ten minutes, and fetches them anew for a key
 * that is not among them.
 *
 * @throws {TypeError} for a wrong option.
 */
export function grantVerifier(baseUrl: string, options: GrantOptions, fetch: typeof globalThis.fetch) {
  const issuer = serviceOrigin('grants.issuer', options.issuer ?? baseUrl)
  const audience = text('grants.audience', options.audience)
  const tenant = text('grants.tenant', options.tenant)
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', issuer), { [customFetch]: fetch })

  return async (grant: string, { useOnce, signal }: VerifyOptions): Promise<ResetGrant> => {
    signal?.throwIfAborted()
    if (!isText(grant) || grant.length > GRANT_LENGTH_MAX) throw fault('malformed')
    const verified = jwtVerify(grant, keys, {
      algorithms: ['ES256'],
      typ: 'reset-grant+jwt',
      issuer,
      audience,
      maxTokenAge: LIFE_MAX,
      clockTolerance: SKEW_S,
      requiredClaims: ['exp'],
    }).catch(refuse)
    const { payload } = await orAborted(verified, signal)
    const { aud, sub, jti, exp = 0 } = payload
    // One audience alone: a grant for two applications could be carried from one to the other.
    if (aud !== audience || payload['tenant'] !== tenant || !isText(sub) || !isText(jti)) throw fault('claim')
    const expiresAt = new Date(exp * 1000)
    if (useOnce !== undefined && !(await useOnce(jti, expiresAt))) throw fault('used')
    return { userId: sub, tenant, grantId: jti, expiresAt }
  }
}

function fault(code: GrantFault): GrantError {
  return new GrantError(`The grant is not good: ${code}.`, { code })
}

/** By the codes of jose's errors. */
const REASONS: readonly (readonly [RegExp, GrantFault])[] = [
  [/EXPIRED/, 'expired'],
  [/CLAIM/, 'claim'],
  [/SIGNATURE|MATCHING/, 'signature'],
  [/JW[ST]_INV|JOSE_[AN]/, 'malformed'],
]

/** Without jose's own error, which has the whole payload. What is no word on the grant is that the keys were not had. */
function refuse(cause: unknown): never {
  const [, code] = REASONS.find(([pattern]) => pattern.test(String((cause as { code?: unknown }).code))) ?? []
  if (code !== undefined) throw fault(code)
  throw new ConnectionError('The keys were not fetched.', { cause })
}
