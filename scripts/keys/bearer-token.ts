import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { UserError } from '../user-error.ts'
import type { OperatorKeyFile, TenantKeyFile } from './key-file.ts'

/** The longest that the service accepts. */
const LIFETIME_S = 3600

/**
 * Makes the bearer token that a key file stands for: the admin API's and the directory's for a
 * tenant's, the operator API's for the operator's.
 *
 * @throws {UserError} when the file holds no such key.
 */
export function bearerToken(file: TenantKeyFile | OperatorKeyFile): Promise<string> {
  return 'privateKey' in file ? operatorToken(file) : tenantToken(file)
}

function tenantToken(file: TenantKeyFile): Promise<string> {
  return timed(new SignJWT({ sub: file.accessID, aud: file.adminRestApiUrl }))
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .sign(privateKeyOf(file))
}

function operatorToken(file: OperatorKeyFile): Promise<string> {
  return timed(new SignJWT({ iss: 'rescind-operator', aud: `${file.baseUrl}/operator` }))
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .sign(privateKeyOf(file))
}

/**
 * The private key in a key file.
 *
 * @throws {UserError} when it holds none, which the form of the file does not tell.
 */
export function privateKeyOf(file: TenantKeyFile | OperatorKeyFile): KeyObject {
  return 'privateKey' in file
    ? requireKey('ec', 'privateKey is not a private P-256 key.', () =>
        createPrivateKey({ key: file.privateKey, format: 'jwk' }),
      )
    : requireKey('rsa', 'accessKey is not an RSA private key in PEM.', () =>
        createPrivateKey({ key: file.accessKey, format: 'pem' }),
      )
}

function timed(token: SignJWT): SignJWT {
  const nowS = Math.floor(Date.now() / 1000)
  return token.setIssuedAt(nowS).setExpirationTime(nowS + LIFETIME_S)
}

function requireKey(type: 'rsa' | 'ec', complaint: string, read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined
  try {
    key = read()
  } catch {
    // Without the reason: OpenSSL's may quote the key.
  }
  if (key?.asymmetricKeyType !== type) throw new UserError(complaint)
  return key
}
