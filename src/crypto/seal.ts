import { compactDecrypt, CompactEncrypt } from 'jose'
import { hmac, type Keyring, type NamedKey } from './keyring.ts'

/**
 * Encrypts a JSON value, so that only this service reads or makes it: JWE (RFC 7516), compact, `dir` with
 * `A256GCM`. The key is derived from the newest key of the ring, whose name is the authenticated `kid`.
 *
 * @param purpose what the key is derived for: what is sealed for one purpose does not open for another.
 */
export async function seal(keys: Keyring, purpose: string, value: unknown): Promise<string> {
  const [key] = keys
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: key.id })
    .encrypt(await contentKey(key, purpose))
}

/** The value that was sealed, or nothing when it was not sealed here or its key has been retired. */
export async function unseal(keys: Keyring, purpose: string, sealed: unknown): Promise<unknown> {
  if (typeof sealed !== 'string') return undefined
  try {
    const { plaintext } = await compactDecrypt(
      sealed,
      ({ kid }) => {
        const key = keys.find(({ id }) => id === kid)
        if (key === undefined) throw new Error('the key has been retired')
        return contentKey(key, purpose)
      },
      { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] },
    )
    return JSON.parse(new TextDecoder().decode(plaintext))
  } catch {
    return undefined
  }
}

/** Imported once per isolate, key and purpose. */
const contentKeys = new WeakMap<NamedKey, Map<string, CryptoKey>>()

async function contentKey(key: NamedKey, purpose: string): Promise<CryptoKey> {
  const ofKey = contentKeys.get(key) ?? new Map<string, CryptoKey>()
  contentKeys.set(key, ofKey)
  const known = ofKey.get(purpose)
  if (known !== undefined) return known
  const bytes = new Uint8Array(hmac(key, [purpose]))
  const imported = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  ofKey.set(purpose, imported)
  return imported
}
