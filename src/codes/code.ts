import { hmac, type Keyring, type NamedKey } from '../crypto/keyring.ts'
import type { Policy } from '../tenants/policy.ts'

/** What a code is for, in the words of the admin API. */
export type CodeMode = 'PASSWORD_RESET' | 'ENROLLMENT'

type CodePolicy = Policy['code']

/** Crockford's base 32: no I, L, O or U, so that a code survives the telephone. */
const SYMBOLS = { base32: '0123456789ABCDEFGHJKMNPQRSTVWXYZ', digits: '0123456789' }

/**
 * Draws a code, every symbol evenly likely at every place: bytes from the largest multiple of the
 * alphabet's size upwards are thrown away, since a bare modulo would favour the first symbols.
 *
 * @param nextBytes more bytes that nobody can guess: random ones, unless the code must be drawn again.
 */
export function drawCode(
  { alphabet, length }: Pick<CodePolicy, 'alphabet' | 'length'>,
  nextBytes: () => Uint8Array = () => crypto.getRandomValues(new Uint8Array(length)),
): string {
  const symbols = SYMBOLS[alphabet]
  const ceiling = 256 - (256 % symbols.length)
  let code = ''
  while (code.length < length) {
    for (const byte of nextBytes()) {
      if (byte < ceiling && code.length < length) code += symbols.charAt(byte % symbols.length)
    }
  }
  return code
}

/** Undoes what people change in a code when they read, hear or type it. */
export function normaliseCode(input: string, alphabet: CodePolicy['alphabet']): string {
  const code = input.replace(/[\s\p{Pd}]/gu, '').replace(/[a-z]/g, (letter) => letter.toUpperCase())
  return alphabet === 'base32' ? code.replaceAll('O', '0').replace(/[IL]/g, '1') : code
}

/** What a digest is bound to, so that equal codes of two users have nothing in common. */
export type CodeBinding = { tenantId: string; emailKey: string; mode: CodeMode }

/** Digest of a normalised code under every pepper, newest first. */
export function codeDigests(peppers: Keyring, binding: CodeBinding, code: string) {
  return peppers.map((pepper) => digestUnder(pepper, binding, code))
}

/** Digest to store for a new code: the newest pepper's. */
export function newCodeDigest([newest]: Keyring, binding: CodeBinding, code: string) {
  return digestUnder(newest, binding, code)
}

function digestUnder(pepper: NamedKey, { tenantId, emailKey, mode }: CodeBinding, code: string) {
  const digest = hmac(pepper, ['code', tenantId, emailKey, mode, code]).toString('base64url')
  return { pepperId: pepper.id, digest }
}
