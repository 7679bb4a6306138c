import { bytesOf } from './base64.ts'

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** Version 0, and an algorithm identifier: the object identifier of RSA (1.2.840.113549.1.1.1), and null. */
const PKCS8_HEAD = [2, 1, 0, 48, 13, 6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1, 5, 0]

/**
 * The private key of a key file, which holds it as PKCS#1; PKCS#8 does as well.
 *
 * @throws where it is none.
 */
export function importRsaKey(pem: string): Promise<CryptoKey> {
  const [, pkcs1, base64 = ''] = /^\s*-----BEGIN (RSA )?PRIVATE KEY-----([^-]+)-----END/.exec(pem) ?? []
  const der = bytesOf(base64) ?? []
  // PKCS#8 is the one form that Web Crypto imports (RFC 5958 §2).
  const pkcs8 = Uint8Array.from(pkcs1 ? element(48, [...PKCS8_HEAD, ...element(4, der)]) : der)
  return crypto.subtle.importKey('pkcs8', pkcs8, RS256, false, ['sign'])
}

/** One element of DER. No RSA key that is any good has fewer than 256 bytes, which are written otherwise. */
function element(tag: number, content: Iterable<number>): number[] {
  const bytes = [...content]
  return [tag, 130, bytes.length >> 8, bytes.length & 255, ...bytes]
}
