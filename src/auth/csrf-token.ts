import type { Keyring } from '../crypto/keyring.ts'
import { isTaggedUuid, newTaggedUuid } from '../crypto/tagged-uuid.ts'

/** How long a token is good for. */
export const CSRF_TOKEN_TTL_MS = 30 * 60_000

/** The vendor's name of the cookie. The header's name is the cookie's with `X-` before it. */
export function csrfCookieName(tenantId: string): string {
  return `Csrf-Token_${tenantId}`
}

/**
 * A CSRF token in the vendor's form, percent-encoded: `TokenID=<uuid>,expirationTime=<epoch ms>`. The
 * UUID is tagged with tenant and expiry, so that neither can be changed.
 */
export function newCsrfToken(keys: Keyring, tenantId: string, now: number): string {
  const expiresAt = String(now + CSRF_TOKEN_TTL_MS)
  const uuid = newTaggedUuid(keys, ['csrf', tenantId, expiresAt])
  return encodeURIComponent(`TokenID=${uuid},expirationTime=${expiresAt}`)
}

/** Whether the value, percent-encoded or not, is a token of this tenant that has not expired. */
export function isCsrfToken(keys: Keyring, tenantId: string, value: string, now: number): boolean {
  const match = /^TokenID=([0-9a-f-]{36}),expirationTime=(\d{13})$/.exec(decodeCsrfToken(value))
  if (match === null) return false
  const [, uuid = '', expiresAt = ''] = match
  return Number(expiresAt) > now && isTaggedUuid(keys, ['csrf', tenantId, expiresAt], uuid)
}

/** The token without percent-encoding. Clients send it back encoded, as they got it, or decoded. */
export function decodeCsrfToken(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return ''
  }
}
