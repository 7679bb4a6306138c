import { randomBytes, timingSafeEqual } from 'node:crypto'
import { hmac, type Keyring, type NamedKey } from './keyring.ts'

/** In lower case, as they are made: a UUID in 2^20 spellings would be as many keys of a cache. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/**
 * A UUIDv8 (RFC 9562 §5.8) that proves its origin: 60 random bits, then 62 bits of an HMAC over them
 * and a context. Looks like any UUID, and costs no lookup to refuse when invented. 62 bits are enough
 * for what can only be tried online.
 */
export function newTaggedUuid(keys: Keyring, context: readonly string[]): string {
  const random = randomBytes(8)
  random[6] = ((random[6] ?? 0) & 0x0f) | 0x80
  const hex = Buffer.concat([random, tag(keys[0], context, random)]).toString('hex')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Whether this service made the UUID for this context. Compared in constant time. */
export function isTaggedUuid(keys: Keyring, context: readonly string[], uuid: string): boolean {
  if (!UUID.test(uuid)) return false
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  const random = bytes.subarray(0, 8)
  return keys.some((key) => timingSafeEqual(tag(key, context, random), bytes.subarray(8)))
}

function tag(key: NamedKey, context: readonly string[], random: Buffer): Buffer {
  const tail = hmac(key, [...context, random.toString('hex')]).subarray(0, 8)
  tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80
  return tail
}
