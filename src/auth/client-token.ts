import { decodeJwt, jwtVerify } from 'jose'
import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import { keyOfAccessId } from '../tenants/catalogue.ts'
import { isOurAccessId } from './access-id.ts'

/** A type of its own (RFC 8725 §3.11): no token of the admin API is one of these, nor the reverse. */
const TYPE = 'rescind-client+jwt'
/** How long a token may live, and the skew between clocks. */
const LIFETIME_MAX = '5m'
const CLOCK_SKEW_S = 60
const TOKEN_LENGTH_MAX = 4096

/** Whose word is asked for: that of this tenant's keys, about who calls this audience. */
type Expected = { tenantId: string; audience: string; now: number }

/**
 * The address of the end user for whom a tenant's own backend calls, if one of the tenant's API keys has signed it.
 * The token is a JWT: header `alg` RS256 and `typ` `rescind-client+jwt`; claims `sub` (access id), `aud` (the password
 * API of the host that is called), `client_ip` (IPv4 or IPv6), `iat`, and `exp` (five minutes later at most).
 *
 * @returns nothing where the token is not good, for whatever reason. Garbage costs no read of the database.
 */
export async function verifyClientToken(
  db: D1Database,
  { accessIdKeys }: Pick<Config, 'accessIdKeys'>,
  token: string,
  { tenantId, audience, now }: Expected,
): Promise<string | undefined> {
  if (token.length > TOKEN_LENGTH_MAX) return undefined
  try {
    const { sub } = decodeJwt(token)
    if (sub === undefined || !isOurAccessId(accessIdKeys, sub)) return undefined
    const known = await keyOfAccessId(db, sub)
    if (known?.tenant.id !== tenantId) return undefined
    const { payload } = await jwtVerify(token, known.key.publicJwk, {
      algorithms: ['RS256'],
      typ: TYPE,
      audience,
      maxTokenAge: LIFETIME_MAX,
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
      requiredClaims: ['exp'],
    })
    const { client_ip: address } = payload
    return typeof address === 'string' && isIP(address) !== 0 ? address : undefined
  } catch {
    return undefined
  }
}
