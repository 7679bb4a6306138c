import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it } from 'vitest'
import { call, newTenant, type Tenant } from '../rig/service.ts'

/** Members as an attacker adds them, with names that lead to a prototype where code is careless. */
const PROTOTYPED =
  '"__proto__":{"polluted":1,"active":false},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}'

const sharedPrototype = Object.prototype as { polluted?: unknown }
afterEach(() => {
  expect(sharedPrototype.polluted).toBeUndefined()
  delete sharedPrototype.polluted
})

const json = (text: string) => ({ body: text, headers: { 'Content-Type': 'application/json' } })
const validateUrl = ({ host }: Tenant) => `https://${host}/api/passwordmanagement/validatePasswordResetCode`
const adminUrl = ({ host }: Tenant, path: string) => `https://${host}/AdminInterface/restapi/v1/users${path}`

async function events({ id }: Tenant): Promise<number> {
  const count = env.DB.prepare('SELECT count(*) AS events FROM admin_events WHERE tenant_id = ?').bind(id)
  return (await count.first<number>('events')) ?? 0
}

describe('members that no route knows', () => {
  it('I3: are ignored by the admin API and set nothing', async () => {
    const [tenant, other] = [await newTenant({ users: 1 }), await newTenant({ users: 1 })]
    const token = await tenant.token()
    const foreign = `"tenantId":"${other.id}","tenant_id":"${other.id}","user_id":"x","code":"ABCDEFGH","verify_code":"ABCDEFGH","expires_at":9e15`
    const extra = `{"email":"user1@example.com",${foreign},${PROTOTYPED}}`
    const generated = await call(adminUrl(tenant, '/generateVerifyCode/resetPassword'), {
      token,
      ...json(extra),
    })
    const { verify_code: code = '', ...result } = await generated.json<{
      verify_code?: string
      status: number
    }>()
    expect(result.status).toBe(1000)
    expect(code).not.toBe('ABCDEFGH')
    expect((await other.validate('user1@example.com', code)).status).toBe(401)
    const list = `{"code_generation_mode":"PASSWORD_RESET","user_emails":["user1@example.com"],${foreign},${PROTOTYPED}}`
    const otherCode = await other.newCode('user1@example.com')
    const voided = await call(adminUrl(tenant, '/voidVerifyCode'), { token, ...json(list) })
    expect(await voided.json()).toEqual({ results: [{ status: 1016, user_email: 'user1@example.com' }] })
    expect((await other.validate('user1@example.com', otherCode)).status).toBe(200)
  })

  it('I3: stand in for no known member when only a prototype has it', async () => {
    const tenant = await newTenant({ users: 1 })
    const token = await tenant.token()
    const inherited =
      '{"__proto__":{"code_generation_mode":"PASSWORD_RESET","user_emails":["user1@example.com"],"email":"user1@example.com"}}'
    expect((await call(adminUrl(tenant, '/voidVerifyCode'), { token, ...json(inherited) })).status).toBe(400)
    const generated = await call(adminUrl(tenant, '/generateVerifyCode/enroll'), {
      token,
      ...json(inherited),
    })
    expect(await generated.json()).toMatchObject({ status: 1002 })
    const presented = '{"__proto__":{"Email":"user1@example.com","PasswordResetCode":"x"}}'
    expect((await call(validateUrl(tenant), json(presented))).status).toBe(400)
  })

  it('I3: are ignored by the password API, in JSON and in forms', async () => {
    const tenant = await newTenant({ users: 1 })
    const [email = ''] = tenant.emails
    const code = await tenant.newCode(email)
    const body = `{"Email":"${email}","PasswordResetCode":"${code}","UserIdentificationChallenge":{},"attempts":-9,${PROTOTYPED}}`
    expect((await call(validateUrl(tenant), json(body))).status).toBe(200)
    const form = new URLSearchParams({
      emailAddress: email,
      passwordResetCode: code,
      __proto__: 'x',
      'tenantId[]': 'x',
    })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect(
      (await call(validateUrl(tenant), { body: `${String(form)}&__proto__=x&constructor=x`, headers }))
        .status,
    ).toBe(200)
  })

  it('I3: are ignored by the directory, and never reach the prototype that all objects share', async () => {
    const tenant = await newTenant()
    const token = await tenant.token('super-admin')
    const users = `https://${tenant.host}/scim/v2/Users`
    const user = `{"userName":"someone@example.com","tenantId":"x","id":"y","title":"Dr","password":"secret","meta":{"location":"z"},${PROTOTYPED}}`
    const created = await call(users, { token, ...json(user) })
    expect(created.status).toBe(201)
    const resource = await created.json<{ id: string }>()
    expect(Object.keys(resource).toSorted()).toEqual([
      'active',
      'emails',
      'id',
      'meta',
      'schemas',
      'userName',
    ])
    expect(resource.id).not.toBe('y')
    for (const operation of [
      '{"op":"add","path":"__proto__.polluted","value":1}',
      '{"op":"replace","path":"constructor.prototype.polluted","value":1}',
      '{"op":"add","path":"name.__proto__.polluted","value":1}',
      '{"op":"add","path":"emails.constructor.prototype.polluted","value":1}',
      '{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User:__proto__.polluted","value":1}',
      '{"op":"add","path":"__proto__:polluted","value":1}',
      '{"op":"add","path":"emails[__proto__ eq \\"x\\"].polluted","value":1}',
      '{"op":"add","value":{"__proto__.polluted":1,"constructor.prototype.polluted":1}}',
      `{"op":"replace","value":{${PROTOTYPED}}}`,
      `{"op":"add","path":"name","value":{"__proto__.polluted":1,${PROTOTYPED}}}`,
      '{"op":"remove","path":"__proto__.toString"}',
      '{"op":"replace","path":"__proto__","value":{"active":false}}',
    ]) {
      const patch = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[${operation}]}`
      const response = await call(`${users}/${resource.id}`, { method: 'PATCH', token, ...json(patch) })
      const polluted = sharedPrototype.polluted
      delete sharedPrototype.polluted
      expect(polluted, operation).toBeUndefined()
      expect(typeof Object.prototype.toString, operation).toBe('function')
      // A path that no attribute can have is told so; a value with members that nobody knows is read without them.
      expect(response.status, operation).toBe(
        operation.includes('"path":"') && !operation.includes('"path":"name"') ? 400 : 200,
      )
    }
    expect(await (await tenant.scim('GET', `/Users/${resource.id}`)).json()).toMatchObject({ active: true })
  })

  it('I1: a patch cannot make a list longer than its entries', async () => {
    const tenant = await newTenant()
    const id = await tenant.addUser('someone@example.com')
    for (const path of ['emails.length', 'schemas.length']) {
      const response = await tenant.scim('PATCH', `/Users/${id}`, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
        Operations: [{ op: 'replace', path, value: 3_000_000 }],
      })
      expect(response.status, path).toBe(200)
    }
    expect(await (await tenant.scim('GET', `/Users/${id}`)).json()).toMatchObject({
      emails: [{ value: 'someone@example.com' }],
    })
  })
})

describe('a bulk call', () => {
  const BAD = [
    null,
    7,
    true,
    {},
    [],
    ['user1@example.com'],
    { email: 'user1@example.com' },
    '',
    ' ',
    'x',
    'user3@example,com',
    'a@b@c',
    '"user1@example.com"',
    'user1@example.com,user2@example.com',
    `${'a'.repeat(300)}@example.com`,
  ]

  it('I4: voids every good address beside bad ones, which are answered one by one', async () => {
    const tenant = await newTenant({ users: 2 })
    const codes = (await tenant.generate(tenant.emails)).map(({ verify_code: code = '' }) => code)
    const [one = '', two = ''] = tenant.emails
    const results = await tenant.void([one, ...(BAD as string[]), two])
    expect(results.map(({ status }) => status)).toEqual([1016, ...BAD.map(() => 1002), 1016])
    for (const [index, email] of tenant.emails.entries()) {
      expect((await tenant.validate(email, codes[index] ?? '')).status).toBe(401)
    }
  })

  it('I4: generates for every good entry beside bad ones, which get no code', async () => {
    const tenant = await newTenant({ users: 2 })
    const entries = [
      { email: 'user1@example.com' },
      ...BAD.map((entry) => (typeof entry === 'string' ? { email: entry } : entry)).filter(
        (entry) => JSON.stringify(entry) !== '{"email":"user1@example.com"}',
      ),
      { email: 'user2@example.com', code_validity: '9', validity_time_duration_unit: 'MIN' },
      { email: 'user2@example.com', code_send_to: 'PIGEON' },
      { email: 'user2@example.com' },
    ]
    const response = await tenant.admin('/users/generateVerifyCode/resetPassword', entries)
    const results = await response.json<{ status: number; verify_code?: string }[]>()
    expect(results.map(({ status }) => status)).toEqual([
      1000,
      ...entries.slice(1, -3).map(() => 1002),
      1003,
      1004,
      1000,
    ])
    expect(results.filter(({ verify_code: code }) => code !== undefined)).toHaveLength(2)
    expect((await tenant.validate('user1@example.com', results.at(0)?.verify_code ?? '')).status).toBe(200)
    expect((await tenant.validate('user2@example.com', results.at(-1)?.verify_code ?? '')).status).toBe(200)
  })

  it('I4: that is wrong as a whole changes nothing', async () => {
    const tenant = await newTenant({ users: 1 })
    const [email = ''] = tenant.emails
    const code = await tenant.newCode(email)
    const before = await events(tenant)
    const tooMany = Array.from({ length: 101 }, () => email)
    const voids = { code_generation_mode: 'PASSWORD_RESET', user_emails: [email] }
    for (const [path, body] of [
      ['/users/voidVerifyCode', { ...voids, user_emails: tooMany }],
      ['/users/voidVerifyCode', { ...voids, user_emails: [] }],
      ['/users/voidVerifyCode', { ...voids, userEmails: ['other@example.com'] }],
      ['/users/voidVerifyCode', { ...voids, codeGenerationMode: 'ENROLLMENT' }],
      ['/users/voidVerifyCode', { ...voids, code_generation_mode: 'OTHER' }],
      ['/users/voidVerifyCode', { ...voids, code_generation_mode: ['PASSWORD_RESET'] }],
      ['/users/voidVerifyCode', { user_emails: [email] }],
      ['/users/voidVerifyCode', { code_generation_mode: 'PASSWORD_RESET' }],
      ['/users/voidVerifyCode', [voids]],
      ['/users/generateVerifyCode/resetPassword', tooMany.map((each) => ({ email: each }))],
      ['/users/generateVerifyCode/resetPassword', []],
    ] as const) {
      const response = await tenant.admin(path, body)
      expect(response.status).toBe(400)
      expect(await response.json()).toEqual({
        code: '400 BAD_REQUEST',
        description: expect.stringMatching(/^.{15,}$/),
      })
    }
    expect(await events(tenant)).toBe(before)
    expect((await tenant.validate(email, code)).status).toBe(200)
    expect((await tenant.void(tooMany.slice(1)))[99]).toEqual({ status: 1016, user_email: email })
  })
})

describe('parameters of the password API', () => {
  it('I1: what is not two parameters is refused with a fault that says so, and counts no guess', async () => {
    const tenant = await newTenant({ policy: { code: { attemptsMax: 1 } }, users: 1 })
    const [email = ''] = tenant.emails
    const code = await tenant.newCode(email)
    const address = encodeURIComponent(email)
    const form = 'application/x-www-form-urlencoded'
    for (const [body, type, sentence] of [
      ['', form, 'emailAddress is required.'],
      [`emailAddress=${address}`, form, 'passwordResetCode is required.'],
      [`emailAddress=${address}&passwordResetCode=`, form, 'passwordResetCode is required.'],
      [
        `emailAddress=${address}&emailAddress=${address}&passwordResetCode=x`,
        form,
        'emailAddress is given more than once.',
      ],
      [
        `emailAddress=${address}&passwordResetCode=x&passwordResetCode=y`,
        form,
        'passwordResetCode is given more than once.',
      ],
      [`emailAddress=${address}&passwordResetCode=%FF`, form, 'passwordResetCode is not valid UTF-8.'],
      [
        `{"Email":["${email}"],"PasswordResetCode":"x"}`,
        'application/json',
        'emailAddress must be a string.',
      ],
      [
        `{"Email":"${email}","PasswordResetCode":12345678}`,
        'application/json',
        'passwordResetCode must be a string.',
      ],
      [
        `{"Email":"${email}","emailAddress":"${email}","PasswordResetCode":"x"}`,
        'application/json',
        'emailAddress is given more than once.',
      ],
      [
        `{"Email":"${email}","Email":"${email}","PasswordResetCode":"x"}`,
        'application/json',
        'The body names a member twice.',
      ],
      [
        `[{"Email":"${email}","PasswordResetCode":"x"}]`,
        'application/json',
        'The body must be a JSON object.',
      ],
    ] as const) {
      const response = await call(validateUrl(tenant), { body, headers: { 'Content-Type': type } })
      expect(response.status, sentence).toBe(400)
      expect(await response.json()).toEqual({ faultcode: 'Client', faultstring: sentence })
    }
    expect((await tenant.validate(email, code)).status).toBe(200)
  })
})
