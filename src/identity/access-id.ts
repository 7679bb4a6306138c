import { randomBytes, timingSafeEqual } from 'node:crypto'
import { parse, stringify, validate } from 'uuid'
import { hmac, type Keyring, type NamedKey } from '../keyring.ts'

/**
 * An access id is a UUIDv8 (RFC 9562 §5.8): 60 random bits, then 62 bits of an HMAC over them. A
 * token with an invented `sub` is so refused by arithmetic, without a database read for each.
 */
export function newAccessId(keys: Keyring): string {
  const bytes = new Uint8Array(16)
  bytes.set(randomBytes(8))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80
  bytes.set(tag(keys[0], bytes), 8)
  return stringify(bytes)
}

/** Whether this service minted the access id. Says nothing of whether its key is still live. */
export function isOurAccessId(keys: Keyring, accessId: string): boolean {
  if (!validate(accessId)) return false
  const bytes = parse(accessId)
  return keys.some((key) => timingSafeEqual(tag(key, bytes), bytes.subarray(8)))
}

function tag(key: NamedKey, bytes: Uint8Array): Uint8Array {
  const mac = hmac(key, ['access-id', Buffer.from(bytes.subarray(0, 8)).toString('hex')])
  const tail = new Uint8Array(mac.subarray(0, 8))
  tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80
  return tail
}
