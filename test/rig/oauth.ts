import { SignJWT } from 'jose'
import { call, expectStatus, operate, type Call, type Tenant } from './service.ts'

/** OAuth clients of a tenant, and what they send: as the vendor's clients do. */

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

type Algorithm = 'RS256' | 'ES256' | 'EdDSA'

const PARAMETERS = {
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  EdDSA: { name: 'Ed25519' },
}

/** A key pair of a client; one for each algorithm does for all clients of a test file. */
export async function clientKey(alg: Algorithm, kid: string = alg) {
  const pair = (await crypto.subtle.generateKey(PARAMETERS[alg], true, ['sign', 'verify'])) as CryptoKeyPair
  const publicJwk = (await crypto.subtle.exportKey('jwk', pair.publicKey)) as JsonWebKey
  const { kty, n, e, crv, x, y } = publicJwk
  return { alg, kid, privateKey: pair.privateKey, jwk: { kty, n, e, crv, x, y, kid } }
}
export type ClientKey = Awaited<ReturnType<typeof clientKey>>

export type TestClient = { clientId: string; issuer: string; tokenEndpoint: string; key: ClientKey }

export async function addClient(
  { id }: Pick<Tenant, 'id'>,
  key: ClientKey,
  scopes: readonly string[],
): Promise<TestClient> {
  const response = await operate('POST', `/tenants/${id}/clients`, { jwks: { keys: [key.jwk] }, scopes })
  await expectStatus(201, response)
  return { ...(await response.json<Omit<TestClient, 'key'>>()), key }
}

/** An assertion for the token endpoint; `claims` and `header` change or add. */
export function assertion(
  { clientId, tokenEndpoint, key }: TestClient,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  const payload = {
    iss: clientId,
    sub: clientId,
    aud: tokenEndpoint,
    jti: crypto.randomUUID(),
    iat: nowS,
    exp: nowS + 300,
    ...claims,
  }
  return new SignJWT(payload)
    .setProtectedHeader({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header })
    .sign(key.privateKey)
}

/** A request for a token. */
export function askForToken(
  { host }: Pick<Tenant, 'host'>,
  parameters: Record<string, string>,
  options: Call = {},
): Promise<Response> {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    ...parameters,
  })
  return call(`https://${host}/oauth/token`, {
    body: String(form),
    ...options,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...options.headers },
  })
}

/** A token of a client, with every scope that it may have or with those named. */
export async function accessToken(tenant: Tenant, client: TestClient, scope?: string): Promise<string> {
  const parameters = { client_assertion: await assertion(client), ...(scope !== undefined && { scope }) }
  const response = await askForToken(tenant, parameters)
  await expectStatus(200, response)
  return (await response.json<{ access_token: string }>()).access_token
}
