import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import { keyOfAccessId, type KnownKey } from '../tenants/catalogue.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { isAdminAudience } from '../tenants/tenant.ts'
import type { Config } from '../config.ts'
import { isOurAccessId } from './access-id.ts'

/** Skew between clocks that the vendor allows, and its bound on a token's life. */
const CLOCK_SKEW_S = 60
const LIFETIME_S_MAX = 3600
/** Good tokens that an isolate remembers: 4 MiB of them at most. */
const VERIFIED_MAX = 1_000
/** Real tokens are about 500 bytes. */
const TOKEN_LENGTH_MAX = 4096

/** Headers that bring a key, fetch one, or change what the bytes mean (RFC 8725 §2, §3.10). */
const FORBIDDEN_HEADERS = ['jwk', 'jku', 'x5c', 'x5u', 'crit', 'b64', 'zip', 'enc']

/** Why a token was refused. For the log alone: the caller learns only that it was. */
export type TokenFault =
  | 'malformed'
  | 'algorithm'
  | 'header'
  | 'time'
  | 'audience'
  | 'unknown-key'
  | 'signature'

export type TokenOutcome = ({ tag: 'verified' } & KnownKey) | { tag: 'refused'; fault: TokenFault }

/** A token that was verified, and what it was verified against. */
type Verified = { accessId: string; known: KnownKey; claims: ReturnType<typeof decodeJwt> }

/**
 * Tokens that were good: clients send one for up to an hour. Such a token is good again while its time
 * lasts and its key and tenant are the very ones that it was verified against; these are read anew
 * every 20 seconds.
 */
const verified = new ExpiringMap<Verified>(VERIFIED_MAX)

/** Verifies a bearer token of an admin API key: RS256, found by its `sub`. */
export async function verifyApiKeyToken(
  db: D1Database,
  settings: Pick<Config, 'accessIdKeys' | 'baseUrl'>,
  token: string,
  now: number,
): Promise<TokenOutcome> {
  const before = verified.get(token, now)
  if (before !== undefined && isTimely(before.claims, now)) {
    const known = await keyOfAccessId(db, before.accessId)
    if (known === before.known) return { tag: 'verified', ...known }
  }
  return verifyAnew(db, settings, token, now)
}

/** The cheap checks come first, so that garbage costs neither a database read nor a signature check. */
async function verifyAnew(
  db: D1Database,
  { accessIdKeys, baseUrl }: Pick<Config, 'accessIdKeys' | 'baseUrl'>,
  token: string,
  now: number,
): Promise<TokenOutcome> {
  const decoded = decode(token)
  if (decoded === undefined) return refused('malformed')
  const { header, claims } = decoded
  if (header.alg !== 'RS256') return refused('algorithm')
  if (!isPlainHeader(header)) return refused('header')
  if (!isTimely(claims, now)) return refused('time')
  const { sub } = claims
  if (typeof sub !== 'string' || !isOurAccessId(accessIdKeys, sub)) return refused('unknown-key')

  const known = await keyOfAccessId(db, sub)
  if (known === undefined) return refused('unknown-key')
  const { key, tenant } = known
  if (![undefined, key.accessId, key.publicJwk.kid].includes(header.kid)) return refused('header')
  const audiences = [claims.aud].flat()
  if (!audiences.some((aud) => typeof aud === 'string' && isAdminAudience(tenant, baseUrl, aud))) {
    return refused('audience')
  }
  try {
    // Imported once: jose remembers what it imports by the JWK itself.
    await compactVerify(token, key.publicJwk, { algorithms: ['RS256'] })
  } catch {
    return refused('signature')
  }
  verified.set(token, { accessId: sub, known, claims }, now + LIFETIME_S_MAX * 1000)
  return { tag: 'verified', ...known }
}

function refused(fault: TokenFault): TokenOutcome {
  return { tag: 'refused', fault }
}

/** Header and claims, before any of it is verified. */
function decode(token: string) {
  if (token.length > TOKEN_LENGTH_MAX || token.split('.').length !== 3) return undefined
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) }
  } catch {
    return undefined
  }
}

/** Whether a header names nothing but its algorithm, a `kid` and the type JWT. */
export function isPlainHeader(header: ReturnType<typeof decodeProtectedHeader>): boolean {
  const { typ, kid } = header
  return (
    FORBIDDEN_HEADERS.every((name) => !Object.hasOwn(header, name)) &&
    (typ === undefined || (typeof typ === 'string' && typ.toUpperCase() === 'JWT')) &&
    (kid === undefined || typeof kid === 'string')
  )
}

/**
 * The documented bounds, and no more: real clients send numeric strings, and an `iat` in the future
 * that equals `exp`. The vendor does not speak of `nbf`; whoever sends one means it (RFC 7519 §4.1.5).
 */
function isTimely({ iat, exp, nbf = 0 }: Record<string, unknown>, now: number): boolean {
  const nowS = now / 1000
  const issuedS = numericDate(iat)
  const expiresS = numericDate(exp)
  const validFromS = numericDate(nbf)
  return (
    issuedS !== undefined &&
    expiresS !== undefined &&
    validFromS !== undefined &&
    validFromS <= nowS + CLOCK_SKEW_S &&
    expiresS >= nowS - CLOCK_SKEW_S &&
    expiresS <= nowS + LIFETIME_S_MAX + CLOCK_SKEW_S &&
    expiresS - issuedS <= LIFETIME_S_MAX &&
    issuedS <= expiresS &&
    issuedS >= nowS - LIFETIME_S_MAX - CLOCK_SKEW_S
  )
}

function numericDate(claim: unknown): number | undefined {
  const value = typeof claim === 'string' && /^\d{1,12}$/.test(claim) ? Number(claim) : claim
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
