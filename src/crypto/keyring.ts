import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { SettingError } from '../setting-error.ts'

/** Secret keys with names, newest first: the first signs, every one verifies, so that keys rotate. */
export type Keyring = readonly [NamedKey, ...NamedKey[]]

export type NamedKey = { readonly id: string; readonly key: KeyObject }

/** A key shorter than its hash weakens HMAC-SHA-256 (RFC 2104 §3). */
const SECRET_BYTES_MIN = 32

/**
 * Reads `id:base64url,id:base64url`.
 *
 * @throws {SettingError} naming the setting, never its value.
 */
export function parseKeyring(setting: string, value: string | undefined): Keyring {
  const [first, ...rest] = (value ?? '').split(',').map((entry): NamedKey | undefined => {
    const match = /^([\w.-]{1,32}):([\w-]+)$/.exec(entry.trim())
    if (match === null) return undefined
    const [, id = '', encoded = ''] = match
    const secret = Buffer.from(encoded, 'base64url')
    return secret.length < SECRET_BYTES_MIN ? undefined : { id, key: createSecretKey(secret) }
  })
  const keyring = [first, ...rest].filter((key) => key !== undefined)
  const [newest, ...older] = keyring
  if (newest === undefined || keyring.length !== rest.length + 1) {
    throw new SettingError(setting, 'must be a list of id:base64url, each key of 32 bytes or more')
  }
  return [newest, ...older]
}

/**
 * HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts give the
 * same input.
 */
export function hmac(key: NamedKey, parts: readonly string[]): Buffer {
  const input = Buffer.allocUnsafe(parts.reduce((size, part) => size + 4 + Buffer.byteLength(part), 0))
  let offset = 0
  for (const part of parts) {
    const length = input.write(part, offset + 4)
    input.writeUInt32BE(length, offset)
    offset += 4 + length
  }
  return createHmac('sha256', key.key).update(input).digest()
}
