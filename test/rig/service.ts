import { env, exports } from 'cloudflare:workers'
import { importJWK, SignJWT, type JWTPayload } from 'jose'
import type { Role } from '../../src/tenants/role.ts'

/** The running service, as its users reach it: everything here goes through its public interfaces. */

export type Call = {
  method?: string
  token?: string
  /** Sent as JSON, unless it is a string. */
  body?: unknown
  headers?: Record<string, string>
  redirect?: 'manual'
}

/** One request to the Worker. */
export async function call(url: string, { token, ...options }: Call = {}) {
  return exports.default.fetch(newRequest(url, { ...options, ...(token && { token }) }))
}

export function newRequest(
  url: string,
  { method = 'POST', token, body, headers = {}, redirect }: Call,
): Request {
  return new Request(url, {
    method,
    ...(redirect && { redirect }),
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && typeof body !== 'string' && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

/** The operator's base URL, and the base URL of the service. */
export const BASE_URL = env.BASE_URL

export async function operatorToken(claims: JWTPayload = {}): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  return new SignJWT({
    iss: 'rescind-operator',
    aud: `${BASE_URL}/operator`,
    iat: nowS,
    exp: nowS + 600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(await importJWK(JSON.parse(env.TEST_OPERATOR_JWK), 'ES256'))
}

/** A call to the operator API with a good token. */
export async function operate(method: string, path: string, body?: unknown): Promise<Response> {
  return call(`${BASE_URL}/operator/v1${path}`, { method, token: await operatorToken(), body })
}

/** One RSA key pair for all tenants of a test file: making one is slow, and whose it is, the access id says. */
export const keyPair = (await crypto.subtle.generateKey(
  {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  true,
  ['sign', 'verify'],
)) as CryptoKeyPair
const publicJwk = (await crypto.subtle.exportKey('jwk', keyPair.publicKey)) as JsonWebKey
export const publicKey = { kty: 'RSA', n: publicJwk.n, e: publicJwk.e }

export type TestKey = { accessID: string; adminRestApiUrl: string }

/** A token of an admin API key, as the vendor documents it; `claims` and `header` change or add. */
export async function adminToken(
  { accessID, adminRestApiUrl }: TestKey,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000)
  return new SignJWT({
    sub: accessID,
    aud: adminRestApiUrl,
    iat: nowS,
    exp: nowS + 600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...header })
    .sign(keyPair.privateKey)
}

/** A policy whose limits stand in no test's way. */
export const NO_LIMITS = {
  limits: {
    admin: { perMinute: 1_000_000, burst: 100_000 },
    void: { perMinute: 1_000_000, burst: 100_000 },
    issue: { perHour: 1_000_000, perDay: 1_000_000 },
    validate: { perMinute: 1_000_000, burst: 100_000 },
    send: { perMinute: 1_000_000, burst: 100_000 },
    recipient: { perMinute: 1_000_000, burst: 10_000 },
  },
}

/** A tenant of this test alone, with one key of each role and some users. */
export async function newTenant({ policy = {}, users = 0 }: { policy?: object; users?: number } = {}) {
  const id = `t-${crypto.randomUUID()}`
  const host = `${id}.example.com`
  const body = { name: 'A tenant', hosts: [host], policy: withOwnAudience(policy, id) }
  await expectStatus(201, await operate('PUT', `/tenants/${id}`, body))
  const keys = { 'help-desk': await addKey(id, 'help-desk'), 'super-admin': await addKey(id, 'super-admin') }
  const tenant = new TestTenant(id, host, keys)
  const emails = Array.from({ length: users }, (_, index) => `user${index + 1}@example.com`)
  for (const email of emails) await tenant.addUser(email)
  return Object.assign(tenant, { emails })
}

/** The policy, its grants for an audience of this tenant alone: the id stands behind what the test names. */
function withOwnAudience(policy: { redeem?: { audience?: string } }, id: string): object {
  const { redeem } = policy
  if (redeem?.audience === undefined) return policy
  return { ...policy, redeem: { ...redeem, audience: `${redeem.audience}/${id}` } }
}

export async function addKey(tenantId: string, role: Role): Promise<TestKey> {
  const response = await operate('POST', `/tenants/${tenantId}/keys`, {
    publicKey,
    role,
    description: 'test',
  })
  await expectStatus(201, response)
  return response.json()
}

/** What a client of one tenant does. Calls that succeed return their body; the rest is for `call`. */
class TestTenant {
  readonly id: string
  readonly host: string
  readonly keys: Record<Role, TestKey>

  constructor(id: string, host: string, keys: Record<Role, TestKey>) {
    this.id = id
    this.host = host
    this.keys = keys
  }

  token(role: Role = 'help-desk'): Promise<string> {
    return adminToken(this.keys[role])
  }

  /** A call to the admin API; `path` from after `/v1`. */
  async admin(
    path: string,
    body: unknown,
    role: Role = 'help-desk',
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const url = `https://${this.host}/AdminInterface/restapi/v1${path}`
    return call(url, { token: await this.token(role), body, headers })
  }

  async scim(method: string, path: string, body?: unknown, role: Role = 'super-admin'): Promise<Response> {
    return call(`https://${this.host}/scim/v2${path}`, { method, token: await this.token(role), body })
  }

  /** Adds a user and returns its id. */
  async addUser(email: string, attributes: object = {}): Promise<string> {
    const response = await this.scim('POST', '/Users', {
      userName: email,
      emails: [{ value: email }],
      ...attributes,
    })
    await expectStatus(201, response)
    const { id } = await response.json<{ id: string }>()
    return id
  }

  /** Generates codes to display, and returns the per-user results. */
  async generate(emails: readonly string[], options: object = {}): Promise<GenerateResult[]> {
    const entries = emails.map((email) => ({ email, ...options }))
    const response = await this.admin('/users/generateVerifyCode/resetPassword', entries)
    await expectStatus(200, response)
    return response.json()
  }

  /** The code newly displayed for one user. */
  async newCode(email: string): Promise<string> {
    const [result] = await this.generate([email])
    if (result?.verify_code === undefined) throw new Error(`no code: ${JSON.stringify(result)}`)
    return result.verify_code
  }

  async void(emails: readonly string[], mode = 'PASSWORD_RESET'): Promise<VoidResult[]> {
    const response = await this.admin('/users/voidVerifyCode', {
      code_generation_mode: mode,
      user_emails: emails,
    })
    await expectStatus(200, response)
    return (await response.json<{ results: VoidResult[] }>()).results
  }

  /** Asks for a code to be mailed. */
  send(emailAddress: string, headers: Record<string, string> = {}): Promise<Response> {
    return call(`https://${this.host}${SEND}`, sendCall(emailAddress, headers))
  }

  validate(
    emailAddress: string,
    passwordResetCode: string,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const form = new URLSearchParams({ emailAddress, passwordResetCode })
    return call(`https://${this.host}/api/passwordmanagement/validatePasswordResetCode`, {
      body: String(form),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    })
  }
}

export type Tenant = TestTenant

export const SEND = '/api/passwordmanagement/sendPasswordResetCode'

/** The request for a code as a form. */
export function sendCall(emailAddress: string, headers: Record<string, string> = {}): Call {
  const body = String(new URLSearchParams({ emailAddress }))
  return { body, headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers } }
}

export type GenerateResult = {
  status: number
  errorMessage?: string
  verify_code?: string
  verify_code_validity_time?: string
  verify_code_generation_mode?: string
  verification_Link?: string
  userDetailsRequestForVerifyCodeGeneration: Record<string, string>
}

export type VoidResult = { status: number; user_email: string; errorMessage?: string }

/** A code that is surely not the given one, of the same form. */
export function wrongCode(code: string): string {
  return (code.startsWith('0') ? '1' : '0') + code.slice(1)
}

export async function expectStatus(status: number, response: Response): Promise<void> {
  if (response.status !== status) {
    throw new Error(`expected ${status}, got ${response.status}: ${await response.text()}`)
  }
}
