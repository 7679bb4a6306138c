import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { base64url, signRs256 } from '../../rig/forge.ts'
import { newTenant, type GenerateResult, type TestKey } from '../../rig/service.ts'

/**
 * The requests of PyDPlus 1.0.1 and 2.0.0 (jeffshurtliff/pydplus on GitHub) with the legacy key file, as they
 * were seen on the wire: `requests` sends the headers, PyJWT writes the token, and `json.dumps` writes bodies.
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

/** One `client.post(endpoint, payload)`; the body as Python writes it. */
async function post(key: TestKey, endpoint: string, body: string): Promise<Response> {
  const bytes = new TextEncoder().encode(body)
  const request = new Request(`${originOf(key)}/AdminInterface/restapi/${endpoint}`, {
    method: 'POST',
    headers: {
      'User-Agent': 'python-requests/2.28.1',
      'Accept-Encoding': 'gzip, deflate',
      Accept: '*/*',
      Connection: 'keep-alive',
      Authorization: await bearer(key),
      'Content-Type': 'application/json',
      'Content-Length': String(bytes.length),
    },
    body: bytes,
  })
  return exports.default.fetch(request)
}

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
