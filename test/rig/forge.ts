import { expect } from 'vitest'
import { call, keyPair, type Tenant, type TestKey } from './service.ts'

/** Tokens as an attacker, or an odd client, may write them: every part as it is told. */

/** A part of a token: JSON, or the very text. */
export type Part = object | string

type Signer = (input: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer> | ArrayBuffer

export function base64url(part: Part): string {
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
}

/** The genuine key with its own algorithm. */
export const signRs256: Signer = (input) => crypto.subtle.sign('RSASSA-PKCS1-v1_5', keyPair.privateKey, input)

export async function forge(header: Part, claims: Part, sign: Signer = signRs256): Promise<string> {
  const input = `${base64url(header)}.${base64url(claims)}`
  const signature = await sign(Uint8Array.from(Buffer.from(input)))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

/** The claims of a good token of that key. */
export function goodClaims({ accessID, adminRestApiUrl }: TestKey) {
  const nowS = Math.floor(Date.now() / 1000)
  return { sub: accessID, aud: adminRestApiUrl, iat: nowS, exp: nowS + 600 }
}

/** The documented header. */
export const RS256 = { alg: 'RS256', typ: 'JWT' }
/** Voids nothing. */
export const HARMLESS = { code_generation_mode: 'PASSWORD_RESET', user_emails: ['nobody@example.com'] }
export const voidUrl = ({ host }: Tenant) => `https://${host}/AdminInterface/restapi/v1/users/voidVerifyCode`

/** A call that any good token is enough for. */
export function present(tenant: Tenant, token: string): Promise<Response> {
  return call(voidUrl(tenant), { token, body: HARMLESS })
}

/** What a 401 asks for: a token (RFC 6750 §3), or, where one was sent, another one (§3.1). */
export const NO_TOKEN = 'Bearer'
export const BAD_TOKEN = 'Bearer error="invalid_token"'

/** The whole answer to a refused token, but for its time. */
export async function refusal(response: Response, challenge = BAD_TOKEN): Promise<unknown> {
  expect(response.status).toBe(401)
  expect(response.headers.get('WWW-Authenticate')).toBe(challenge)
  const { timestamp, ...body } = await response.json<{ timestamp: number }>()
  expect(timestamp).toBeTypeOf('number')
  return body
}

/** The one answer to every token that is refused, on {@link voidUrl}. */
export const REFUSAL = {
  status: 401,
  error: 'Unauthorized',
  message: 'A valid bearer token is required.',
  path: '/AdminInterface/restapi/v1/users/voidVerifyCode',
}
