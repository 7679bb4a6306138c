import { env, exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { BODY_BYTES_MAX } from '../../src/http/body.ts'
import { BASE_URL, newTenant, operatorToken, publicKey, type Tenant } from '../rig/service.ts'

type Sent = { method: string; url: string; token?: string; body?: BodyInit; headers?: Record<string, string> }

function send({ method, url, token, body, headers }: Sent): Promise<Response> {
  return exports.default.fetch(
    new Request(url, {
      method,
      headers: { ...(token && { Authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { body }),
    }),
  )
}

const ADMIN = '/AdminInterface/restapi/v1/users'

/** Every route that reads a body, with a body it takes, and what it answers to that. */
const ROUTES = [
  {
    name: 'generate',
    method: 'POST',
    path: `${ADMIN}/generateVerifyCode/resetPassword`,
    good: [{ email: 'user1@example.com' }],
    status: 200,
  },
  {
    name: 'enroll',
    method: 'POST',
    path: `${ADMIN}/generateVerifyCode/enroll`,
    good: { email: 'user1@example.com' },
    status: 200,
  },
  {
    name: 'void',
    method: 'POST',
    path: `${ADMIN}/voidVerifyCode`,
    good: { code_generation_mode: 'PASSWORD_RESET', user_emails: ['user1@example.com'] },
    status: 200,
  },
  {
    name: 'validate',
    method: 'POST',
    path: '/api/passwordmanagement/validatePasswordResetCode',
    good: { Email: 'user1@example.com', PasswordResetCode: 'x' },
    status: 401,
  },
  {
    name: 'SCIM create',
    method: 'POST',
    path: '/scim/v2/Users',
    good: { userName: 'new@example.com' },
    status: 201,
  },
  {
    name: 'SCIM patch',
    method: 'PATCH',
    path: '/scim/v2/Users/:user',
    good: {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'displayName', value: 'x' }],
    },
    status: 200,
  },
  {
    name: 'put tenant',
    method: 'PUT',
    path: '/operator/v1/tenants/:tenant',
    good: { name: 'Renamed', hosts: [] },
    status: 200,
  },
  {
    name: 'add key',
    method: 'POST',
    path: '/operator/v1/tenants/:tenant/keys',
    good: { publicKey, role: 'help-desk' },
    status: 201,
  },
] as const

type Route = (typeof ROUTES)[number]

/** A tenant with a user who has a code, and a request to the route made for it. */
async function prepare(route: Route) {
  const tenant = await newTenant()
  const userId = await tenant.addUser('user1@example.com')
  const code = await tenant.newCode('user1@example.com')
  const isOperators = route.path.startsWith('/operator')
  const origin = isOperators ? BASE_URL : `https://${tenant.host}`
  const url = origin + route.path.replace(':tenant', tenant.id).replace(':user', userId)
  const token = await (isOperators ? operatorToken() : tenant.token('super-admin'))
  const { method } = route
  return {
    tenant,
    userId,
    code,
    request: { method, url, token, headers: { 'Content-Type': 'application/json' } },
  }
}

/** Everything that a request to a tenant could have changed. */
async function stateOf({ id }: Tenant) {
  const tables = ['users', 'reset_codes', 'admin_events', 'api_keys', 'tenant_hosts'] as const
  const rows = tables.map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE tenant_id = ?`).bind(id))
  const tenants = env.DB.prepare('SELECT * FROM tenants WHERE id = ?').bind(id)
  return (await env.DB.batch([...rows, tenants])).map(({ results }) => results)
}

/** The sentence of a refusal, from the shape of the dialect that the path speaks. */
async function sentence(response: Response, path: string): Promise<string> {
  const body = await response.json<Record<string, unknown>>()
  const { status } = response
  if (path.startsWith('/AdminInterface')) {
    if ('code' in body) {
      expect(body).toEqual({
        code: expect.stringMatching(`^${status} [A-Z_]+$`),
        description: expect.any(String),
      })
      return String(body.description)
    }
    expect(body).toEqual({ timestamp: expect.any(Number), status, error: expect.any(String), message: expect.any(String), path: expect.any(String) }) // oxfmt-ignore
    return String(body.message)
  }
  if (path.startsWith('/api')) {
    expect(body).toEqual({ faultcode: 'Client', faultstring: expect.any(String) })
    return String(body.faultstring)
  }
  if (path.startsWith('/scim')) {
    expect(response.headers.get('Content-Type')).toBe('application/scim+json')
    expect(body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
    })
  } else {
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(body).toMatchObject({ type: 'about:blank', status })
  }
  return String(body.detail)
}

const json = (value: unknown) => JSON.stringify(value)
const gzipped = await new Response(
  new Blob(['{}']).stream().pipeThrough(new CompressionStream('gzip')),
).arrayBuffer()

/** Bodies that no route takes: name, body, headers, status. */
const MALFORMED: [string, BodyInit, Record<string, string>, number][] = [
  ['nothing', '', {}, 400],
  ['blanks', ' \n', {}, 400],
  ['null', 'null', {}, 400],
  ['a number', '7', {}, 400],
  ['a huge number', '1e999', {}, 400],
  ['a string', '"user1@example.com"', {}, 400],
  ['an empty list', '[]', {}, 400],
  ['half an object', '{"email":', {}, 400],
  ['two values', '{}{}', {}, 400],
  ['60 KB of open brackets', '['.repeat(60_000), {}, 400],
  ['60 KB of open members', '{"a":'.repeat(12_000), {}, 400],
  ['a comment', '/**/{}', {}, 400],
  ['NaN', '{"email":NaN}', {}, 400],
  ['a member twice', '{"email":"a@example.com","email":"b@example.com"}', {}, 400],
  ['a member twice, once escaped', String.raw`{"email":1,"e\u006dail":2}`, {}, 400],
  ['a member twice, deep down', '[{"x":[{"a":{},"a":{}}]}]', {}, 400],
  ['bytes that are not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), {}, 400],
  ['an overlong encoding', new Uint8Array([0x22, 0xc0, 0xaf, 0x22]), {}, 400],
  ['half a surrogate pair', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), {}, 400],
  [
    'UTF-16',
    new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]),
    { 'Content-Type': 'application/json; charset=utf-16' },
    415,
  ],
  ['Latin-1', '{}', { 'Content-Type': 'application/json; charset="iso-8859-1"' }, 415],
  ['gzip', gzipped, { 'Content-Encoding': 'gzip' }, 415],
  ['a wrong name of a content encoding', '{}', { 'Content-Encoding': 'identity, gzip' }, 415],
  ['text', '{}', { 'Content-Type': 'text/plain' }, 415],
  ['XML', '<a/>', { 'Content-Type': 'application/xml' }, 415],
  ['a multipart form', '--x\r\n\r\n--x--', { 'Content-Type': 'multipart/form-data; boundary=x' }, 415],
  ['a media type that only ends like JSON', '{}', { 'Content-Type': 'application/notjson' }, 415],
  ['a media type that starts like JSON', '{}', { 'Content-Type': 'application/jsonp' }, 415],
]

describe.each(ROUTES)('$name', (route) => {
  it('I1: a malformed body gives a 4xx in the dialect with a sentence, and nothing is done', async () => {
    const { tenant, request } = await prepare(route)
    const before = await stateOf(tenant)
    for (const [name, body, headers, status] of MALFORMED) {
      const response = await send({ ...request, body, headers: { ...request.headers, ...headers } })
      expect(response.status, `${name}: ${response.status}`).toBe(status)
      expect((await sentence(response, route.path)).length, name).toBeGreaterThan(15)
    }
    expect(await stateOf(tenant)).toEqual(before)
    const taken = await send({ ...request, body: json(route.good) })
    expect(taken.status).toBe(route.status)
  })

  it('I1: values nested 30,000 deep, and of every wrong type, give no 5xx', async () => {
    const { request } = await prepare(route)
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
    const deepObject = `${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}`
    const good: Record<string, unknown> = Array.isArray(route.good) ? route.good[0] : route.good
    const wrong = [
      'null',
      'true',
      '-1',
      '1e999',
      '""',
      '[]',
      '{}',
      '[null]',
      '{"__proto__":null}',
      '"\\u0000"',
      deep,
      deepObject,
    ]
    const replaced = Object.keys(good).flatMap((name) =>
      wrong.map((value) => json({ ...good, [name]: 'REPLACED' }).replace('"REPLACED"', () => value)),
    )
    const bodies = [deep, deepObject, ...replaced]
    for (const body of bodies) {
      const response = await send({ ...request, body })
      expect([200, 201, 400, 401], `${response.status} for ${body.slice(0, 120)}`).toContain(response.status)
    }
  })

  it('I2: a body over 64 KiB is refused with 413 before it is parsed, chunked or not', async () => {
    const { tenant, request } = await prepare(route)
    const before = await stateOf(tenant)
    const padded = json(route.good).padEnd(BODY_BYTES_MAX + 1)
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode(' '.repeat(65_536))),
    })
    const half = new TextEncoder().encode(padded.slice(0, 40_000))
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(half)
        controller.enqueue(half)
        controller.close()
      },
    })
    for (const body of [padded, chunked, endless]) {
      const response = await send({ ...request, body })
      expect(response.status).toBe(413)
      expect(await sentence(response, route.path)).toBe('The body is over 65536 bytes.')
    }
    expect(await stateOf(tenant)).toEqual(before)
    expect((await send({ ...request, body: padded.slice(0, BODY_BYTES_MAX) })).status).toBe(route.status)
  })

  it('R10: GET, HEAD and OPTIONS change nothing, and 405 tells what may be used', async () => {
    const { tenant, code, request } = await prepare(route)
    const before = await stateOf(tenant)
    const url = `${request.url}?emailAddress=user1%40example.com&passwordResetCode=${code}&Email=user1%40example.com`
    for (const method of ['GET', 'HEAD', 'OPTIONS', 'PURGE']) {
      const response = await send({ ...request, url, method })
      const isRead = ['GET', 'HEAD'].includes(method) && /scim|operator/.test(route.path)
      expect(response.status, method).toBe(isRead ? 200 : 405)
      if (isRead) continue
      expect(response.headers.get('Allow')?.split(', ')).toContain(route.method)
      if (method !== 'HEAD') expect(await sentence(response, route.path)).toMatch(/^Use .* here\.$/)
    }
    expect(await stateOf(tenant)).toEqual(before)
    expect((await tenant.validate('user1@example.com', code)).status).toBe(200)
  })
})

describe('paths', () => {
  it.each([
    ['/AdminInterface/restapi/v1/none', 404, 404],
    ['/AdminInterface/x', 404, 404],
    ['/api/passwordmanagement/none', 404, 404],
    ['/scim/v2/Groups', 404, 404],
    ['/none', 404, 404],
    ['/operator/v1', 404, 404],
    ['/%ff', 404, 404],
    ['/scim/v2/Users/%ff%00', 401, 405],
  ])('I1: %s is answered in its dialect: GET with %i, POST with %i', async (path, ...statuses) => {
    const tenant = await newTenant()
    const url = `https://${tenant.host}${path}`
    const answers = [await send({ method: 'GET', url }), await send({ method: 'POST', url })]
    expect(answers.map(({ status }) => status)).toEqual(statuses)
    for (const answer of answers) expect((await sentence(answer, path)).length).toBeGreaterThan(10)
  })
})
