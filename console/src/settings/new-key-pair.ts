/** Key pairs that are made in this browser: the private part is saved as a file, and sent to nobody. */

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}

type PublicKey = { kty: 'RSA'; n: string; e: string }

export async function newKeyPair(): Promise<{ publicKey: PublicKey; privateKey: CryptoKey }> {
  const pair = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])
  const { n = '', e = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  return { publicKey: { kty: 'RSA', n, e }, privateKey: pair.privateKey }
}

/**
 * A private RSA key as key files have it, PKCS#1 in PEM. PKCS#8 is that with 26 bytes in front, which say that it is
 * RSA (RFC 5208 §5, RFC 8017 A.1.2).
 */
export async function pkcs1Pem(key: CryptoKey): Promise<string> {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key))
  const base64 = btoa(String.fromCharCode(...pkcs8.subarray(PKCS8_HEADER_BYTES)))
  const lines = base64.match(/.{1,64}/g) ?? []
  return ['-----BEGIN RSA PRIVATE KEY-----', ...lines, '-----END RSA PRIVATE KEY-----', ''].join('\n')
}

const PKCS8_HEADER_BYTES = 26

/** The same as a JWK, as the files of OAuth clients have it. */
export async function privateJwk(key: CryptoKey, kid: string): Promise<object> {
  const { n, e, d, p, q, dp, dq, qi } = await crypto.subtle.exportKey('jwk', key)
  return { kty: 'RSA', kid, n, e, d, p, q, dp, dq, qi }
}
