import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { base64url, signRs256 } from '../../rig/forge.ts'
import { addClient, clientKey, type TestClient } from '../../rig/oauth.ts'
import { newTenant, type GenerateResult, type TestKey } from '../../rig/service.ts'

/**
 * The requests of PyDPlus 1.0.1 and 2.0.0 (jeffshurtliff/pydplus on GitHub) with the legacy key file and, since 2.0.0,
 * as an OAuth client, as they were seen on the wire and are written in its source: `requests` sends the headers, PyJWT writes the token, and `json.dumps` writes bodies.
 */

const USER = 'user1@example.com'
const RESET = 'v1/users/generateVerifyCode/resetPassword'
const VOID = 'v1/users/voidVerifyCode'
/** Real time, in whole seconds: PyJWT cuts the rest off. */
const epochS = () => Math.floor(Date.now() / 1000)

/** The client keeps scheme and host of `adminRestApiUrl` as its base URL, and takes that for the audience. */
const originOf = ({ adminRestApiUrl }: TestKey) => new URL(adminRestApiUrl).origin

/** Header and claims in the order and spelling of the client: one hour, and its base URL alone as `aud`. */
async function bearer(key: TestKey): Promise<string> {
  const nowS = epochS()
  const input = [
    '{"alg":"RS256","typ":"JWT"}',
    `{"sub":"${key.accessID}","iat":${nowS},"exp":${nowS + 3600},"aud":"${originOf(key)}"}`,
  ]
    .map(base64url)
    .join('.')
  const signature = await signRs256(Uint8Array.from(Buffer.from(input)))
  return `Bearer ${input}.${Buffer.from(signature).toString('base64url')}`
}

/** What `requests` sends of itself. */
const OF_REQUESTS = {
  'User-Agent': 'python-requests/2.28.1',
  'Accept-Encoding': 'gzip, deflate',
  Accept: '*/*',
  Connection: 'keep-alive',
}

/** A call with a body as Python writes it; an empty one is none. */
function send(method: string, url: string, headers: Record<string, string>, body: string): Promise<Response> {
  const bytes = new TextEncoder().encode(body)
  const request = new Request(url, {
    method,
    headers: { ...OF_REQUESTS, ...headers, 'Content-Length': String(bytes.length) },
    ...(bytes.length > 0 && { body: bytes }),
  })
  return exports.default.fetch(request)
}

/** One `client.post(endpoint, payload)` or `client.put(endpoint, payload)`. */
async function callAs(authorization: string, origin: string, method: string, endpoint: string, body: string) {
  const headers = { Authorization: authorization, 'Content-Type': 'application/json' }
  return send(method, `${origin}/AdminInterface/restapi/${endpoint}`, headers, body)
}

const post = async (key: TestKey, endpoint: string, body: string) =>
  callAs(await bearer(key), originOf(key), 'POST', endpoint, body)
const put = async (key: TestKey, endpoint: string, body: string) =>
  callAs(await bearer(key), originOf(key), 'PUT', endpoint, body)

async function newClient(users: number) {
  const tenant = await newTenant({ users })
  return { tenant, key: tenant.keys['help-desk'] }
}

describe('PyDPlus as shipped', () => {
  it('J3: generates a code for one user from a dict', async () => {
    const { tenant, key } = await newClient(1)
    const response = await post(key, RESET, `{"email": "${USER}"}`)
    expect(response.status).toBe(200)
    const { status, verify_code = '' } = await response.json<GenerateResult>()
    expect(status).toBe(1000)
    expect((await tenant.validate(USER, verify_code)).status).toBe(200)
  })

  it('J3: generates with every member, null where there is none', async () => {
    const { key } = await newClient(1)
    const response = await post(
      key,
      RESET,
      `{"email": "${USER}", "custom_email": null, "code_validity": "15", "validity_time_duration_unit": "MIN", "code_send_to": "DISPLAY"}`,
    )
    expect(response.status).toBe(200)
    const { userDetailsRequestForVerifyCodeGeneration: echo } = await response.json<GenerateResult>()
    expect(echo).not.toHaveProperty('custom_email')
  })

  it('J3: generates for a list, which it takes as text alone', async () => {
    const { key } = await newClient(2)
    const response = await post(key, RESET, `[{"email": "${USER}"}, {"email": "user2@example.com"}]`)
    expect(response.status).toBe(200)
    const results = await response.json<GenerateResult[]>()
    expect(results.map(({ status }) => status)).toEqual([1000, 1000])
  })

  it('J3: generates enrolment codes', async () => {
    const { key } = await newClient(1)
    const response = await post(key, 'v1/users/generateVerifyCode/enroll', `{"email": "${USER}"}`)
    expect(response.status).toBe(200)
    const { verify_code_generation_mode: mode } = await response.json<GenerateResult>()
    expect(mode).toBe('ENROLLMENT')
  })

  it('J3: voids', async () => {
    const { tenant, key } = await newClient(2)
    await tenant.newCode(USER)
    const body = `{"code_generation_mode": "PASSWORD_RESET", "user_emails": ["${USER}", "user2@example.com", "nobody@example.com"]}`
    const response = await post(key, VOID, body)
    expect(response.status).toBe(200)
    const { results } = await response.json<{ results: { status: number }[] }>()
    expect(results.map(({ status }) => status)).toEqual([1016, 1015, 1002])
  })

  it('E3: is refused where the host of its audience is of another tenant than its key', async () => {
    const [{ key: mine }, { key: theirs }] = [await newClient(1), await newClient(1)]
    const body = `{"code_generation_mode": "PASSWORD_RESET", "user_emails": ["${USER}"]}`
    const response = await post({ ...mine, adminRestApiUrl: theirs.adminRestApiUrl }, VOID, body)
    expect(response.status).toBe(401)
  })
})

describe('the user calls of PyDPlus 2.0.0', () => {
  const LOOKUP = 'v1/users/lookup'

  async function newUser() {
    const { tenant, key } = await newClient(1)
    const { id } = await (await post(key, LOOKUP, `{"email": "${USER}"}`)).json<{ id: string }>()
    return { tenant, key, id }
  }

  it.each([
    `{"email": "${USER}"}`,
    `{"email": "${USER}", "searchUnsynched": true}`,
    `{"email": "${USER}", "searchUnsynched": false}`,
  ])('J3: get_user_details: %s', async (body) => {
    const { key } = await newClient(1)
    const response = await post(key, LOOKUP, body)
    expect(response.status).toBe(200)
    // `get_user_id` takes this member, and an empty text where there is none.
    const { id, ...rest } = await response.json<{ id: string }>()
    expect(id).toMatch(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
    expect(rest).toMatchObject({ emailAddress: USER, userStatus: 'Enabled', markDeleted: false })
  })

  it('J3: get_user_details of nobody, which the client returns as it came', async () => {
    const { key } = await newClient(1)
    const response = await post(key, LOOKUP, '{"email": "nobody@example.com"}')
    expect([response.status, response.headers.get('Content-Type')]).toEqual([404, 'application/json'])
    expect(await response.json()).toMatchObject({ status: 404, path: `/AdminInterface/restapi/${LOOKUP}` })
  })

  it('J3: disable_user and enable_user', async () => {
    const { tenant, key, id } = await newUser()
    const code = await tenant.newCode(USER)
    for (const userStatus of ['Disabled', 'Disabled', 'Enabled', 'Enabled']) {
      const response = await put(key, `v1/users/${id}/userStatus`, `{"userStatus": "${userStatus}"}`)
      expect([response.status, await response.json()]).toEqual([200, { id, userStatus }])
      const found = await (await post(key, LOOKUP, `{"email": "${USER}"}`)).json()
      expect(found).toMatchObject({ id, userStatus })
    }
    expect((await tenant.validate(USER, code)).status).toBe(401)
  })

  it('J3: mark_deleted and unmark_deleted', async () => {
    const { key, id } = await newUser()
    for (const [markDeleted, status] of [
      [true, 404],
      [false, 200],
    ] as const) {
      const response = await put(key, `v1/users/${id}/markDeleted`, `{"markDeleted": ${markDeleted}}`)
      expect([response.status, await response.json()]).toEqual([200, { id, markDeleted }])
      expect((await post(key, LOOKUP, `{"email": "${USER}"}`)).status).toBe(status)
    }
  })

  it('J3: synchronize_user, which leaves the id out: 405 with the method that the path has', async () => {
    const { key, id } = await newUser()
    const response = await post(key, 'v1/users/sync', '')
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'DELETE'])
    expect(await response.json()).toMatchObject({ status: 405, error: 'Method Not Allowed' })
    // Called by its path, with the id: `client.post(f'v1/users/{id}/sync', payload='')`.
    const synced = await post(key, `v1/users/${id}/sync`, '')
    expect([synced.status, await synced.json()]).toEqual([200, expect.objectContaining({ id })])
  })
})

describe('OAuth 2.0 of PyDPlus 2.0.0', () => {
  const SCOPES = ['rsa.user.manage', 'rsa.user.delete.soft', 'rsa.user.read']

  /** The assertion as PyJWT writes it: its header in the order of the alphabet, five minutes. */
  async function assertionOf({ clientId, tokenEndpoint, key }: TestClient): Promise<string> {
    const nowS = epochS()
    const claims =
      `{"iss":"${clientId}","sub":"${clientId}","aud":"${tokenEndpoint}","iat":${nowS},"exp":${nowS + 300},` +
      `"jti":"${crypto.randomUUID()}"}`
    const input = [`{"alg":"${key.alg}","kid":"${key.kid}","typ":"JWT"}`, claims].map(base64url).join('.')
    const algorithm = key.alg === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : 'RSASSA-PKCS1-v1_5'
    const signature = await crypto.subtle.sign(algorithm, key.privateKey, Buffer.from(input))
    return `${input}.${Buffer.from(signature).toString('base64url')}`
  }

  /** Takes a token as the client does: fields in its order, encoded as Python encodes a form. */
  async function tokenFor(client: TestClient, scope: string): Promise<Response> {
    const body =
      `grant_type=client_credentials&client_id=${client.clientId}&scope=${scope.replaceAll(' ', '+')}` +
      '&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer' +
      `&client_assertion=${await assertionOf(client)}`
    const headers = {
      Accept: 'application/json',
      'Content-Type': 'application/x-www-form-urlencoded; charset=UTF-8',
    }
    return send('POST', `${client.issuer}/token`, headers, body)
  }

  it.each(['RS256', 'ES256'] as const)('J3: takes a token and calls with it: %s', async (alg) => {
    const { tenant, key: legacy } = await newClient(1)
    const client = await addClient(tenant, await clientKey(alg), SCOPES)
    // The presets of the client name scopes beside those that it was given.
    const response = await tokenFor(client, `${SCOPES.join(' ')} rsa.group.read`)
    expect(response.status).toBe(200)
    const token = await response.json<{ access_token: string; expires_in: number; scope: string }>()
    expect(token).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: expect.any(String),
    })
    expect(token.scope.split(' ').toSorted()).toEqual(SCOPES.toSorted())
    const authorization = `Bearer ${token.access_token}`
    const as = (method: string, endpoint: string, body: string) =>
      callAs(authorization, originOf(legacy), method, endpoint, body)
    const { id } = await (await as('POST', 'v1/users/lookup', `{"email": "${USER}"}`)).json<{ id: string }>()
    for (const [method, endpoint, body, status] of [
      ['PUT', `v1/users/${id}/userStatus`, '{"userStatus": "Disabled"}', 200],
      ['PUT', `v1/users/${id}/userStatus`, '{"userStatus": "Enabled"}', 200],
      ['POST', RESET, `{"email": "${USER}"}`, 200],
      ['PUT', `v1/users/${id}/markDeleted`, '{"markDeleted": true}', 200],
      ['PUT', `v1/users/${id}/markDeleted`, '{"markDeleted": false}', 200],
    ] as const) {
      expect([endpoint, (await as(method, endpoint, body)).status]).toEqual([endpoint, status])
    }
  })

  it('J3: is refused with 401 for a token that is not good, at which the client takes another', async () => {
    const { tenant, key } = await newClient(1)
    const client = await addClient(tenant, await clientKey('RS256'), SCOPES)
    const refused = await callAs(
      'Bearer x.y.z',
      originOf(key),
      'POST',
      'v1/users/lookup',
      '{"email": "a@b.example"}',
    )
    expect(refused.status).toBe(401)
    // Each token has an assertion of its own.
    for (const scope of ['rsa.user.read', 'rsa.user.read'])
      expect((await tokenFor(client, scope)).status).toBe(200)
  })
})
