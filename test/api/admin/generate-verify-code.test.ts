import { describe, expect, it } from 'vitest'
import { newTenant, NO_LIMITS, type GenerateResult, type Tenant } from '../../rig/service.ts'
import { storedCode, storedCodes } from '../../rig/stored-code.ts'

const USER = 'user1@example.com'
const RESET = '/users/generateVerifyCode/resetPassword'
const ENROLL = '/users/generateVerifyCode/enroll'

const generate = async <Body>(tenant: Tenant, body: unknown, path = RESET) => {
  const response = await tenant.admin(path, body)
  return { status: response.status, body: await response.json<Body>() }
}

const echoOf = (result: GenerateResult | undefined) => result?.userDetailsRequestForVerifyCodeGeneration

describe('the answer', () => {
  it('is an array for an array, in the order of the request, with the documented members alone', async () => {
    const tenant = await newTenant({ users: 2 })
    const entries = [{ email: 'user2@example.com' }, { email: 'nobody@example.com' }, { email: USER }]
    const { status, body } = await generate<GenerateResult[]>(tenant, entries)
    expect(status).toBe(200)
    const defaults = { code_validity: '10', validity_time_duration_unit: 'MIN', code_send_to: 'DISPLAY' }
    const success = {
      status: 1000,
      verify_code: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{8}$/),
      verify_code_validity_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      verify_code_generation_mode: 'PASSWORD_RESET',
    }
    const echo = (email: string) => ({ userDetailsRequestForVerifyCodeGeneration: { email, ...defaults } })
    expect(body).toStrictEqual([
      { ...success, ...echo('user2@example.com') },
      { status: 1002, errorMessage: 'User not found.', ...echo('nobody@example.com') },
      { ...success, ...echo(USER) },
    ])
  })

  it('is one object for one object, as a known client sends and reads it', async () => {
    const tenant = await newTenant()
    await tenant.addUser('a@b')
    const { status, body } = await generate<GenerateResult>(tenant, {
      email: 'a@b',
      custom_email: null,
      code_validity: '15',
      validity_time_duration_unit: 'MIN',
      code_send_to: 'DISPLAY',
    })
    expect(status).toBe(200)
    expect(body).toStrictEqual({
      status: 1000,
      verify_code: expect.any(String),
      verify_code_validity_time: expect.any(String),
      verify_code_generation_mode: 'PASSWORD_RESET',
      userDetailsRequestForVerifyCodeGeneration: {
        email: 'a@b',
        code_validity: '15',
        validity_time_duration_unit: 'MIN',
        code_send_to: 'DISPLAY',
      },
    })
  })

  it('echoes every member as a string, custom_email only when sent, unknown ones never', async () => {
    const tenant = await newTenant({ users: 1 })
    const { body } = await generate<GenerateResult>(tenant, {
      email: ' User1@Example.com ',
      custom_email: 'other@example.com',
      code_validity: 15,
      validity_time_duration_unit: 'min',
      code_send_to: 'display',
      status: 1,
      verify_code: 'AAAAAAAA',
      digest: 'x',
    })
    expect(body).toMatchObject({ status: 1000, verify_code: expect.not.stringMatching('AAAAAAAA') })
    expect(Object.keys(body).toSorted()).toEqual([
      'status',
      'userDetailsRequestForVerifyCodeGeneration',
      'verify_code',
      'verify_code_generation_mode',
      'verify_code_validity_time',
    ])
    expect(echoOf(body)).toStrictEqual({
      email: ' User1@Example.com ',
      custom_email: 'other@example.com',
      code_validity: '15',
      validity_time_duration_unit: 'min',
      code_send_to: 'display',
    })
  })

  it.each([{}, { custom_email: null }, { custom_email: '' }, { customEmail: null }, { customEmail: '' }])(
    'echoes no custom_email to %j, which uses none: a client with a strict mapping breaks on it',
    async (unused) => {
      const tenant = await newTenant({ policy: { mail: { from: 'reset@example.com' } }, users: 1 })
      for (const code_send_to of ['DISPLAY', 'EMAIL', 'PIGEON']) {
        const entry = { email: USER, code_send_to, ...unused }
        const { body } = await generate<GenerateResult>(tenant, entry)
        expect(Object.keys(echoOf(body) ?? {}).toSorted()).toEqual([
          'code_send_to',
          'code_validity',
          'email',
          'validity_time_duration_unit',
        ])
      }
    },
  )

  it('has verification_Link only where the tenant has a page for it', async () => {
    const resetUrl = 'https://id.example.com/reset'
    const tenant = await newTenant({ policy: { mail: { resetUrl } }, users: 1 })
    const [issued, refused] = await tenant.generate([USER, 'nobody@example.com'])
    expect(issued).toHaveProperty('verification_Link', resetUrl)
    expect(refused).not.toHaveProperty('verification_Link')
  })

  it('D4: shows the code this once: nothing stored can show it again', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    expect(JSON.stringify(await storedCodes(tenant.id))).not.toContain(code)
    const [again] = await tenant.generate([USER])
    expect(again?.verify_code).not.toBe(code)
  })
})

describe('the entries', () => {
  it.each([
    { code_validity: '1', validity_time_duration_unit: 'HOUR' },
    { codeValidity: '60', validityTimeDurationUnit: 'MIN', codeSendTo: 'DISPLAY' },
    { code_validity: 60, validityTimeDurationUnit: 'min' },
    { code_validity: '1', validity_time_duration_unit: 'hour', code_send_to: 'Display' },
    { code_validity: '1', codeValidity: '1', validity_time_duration_unit: 'Hour' },
    { code_validity: '060', validity_time_duration_unit: 'MIN' },
  ])('one hour may be asked for as %j', async (options) => {
    const tenant = await newTenant({ users: 1 })
    const [result] = await tenant.generate([USER], options)
    const stored = await storedCode(tenant.id, USER)
    expect(result?.status).toBe(1000)
    expect((stored?.expires_at ?? 0) - (stored?.issued_at ?? 0)).toBe(3_600_000)
  })

  it('the default validity is the tenant’s, and null counts as not sent', async () => {
    const tenant = await newTenant({ policy: { code: { ttlMinutes: 45 } }, users: 1 })
    const [result] = await tenant.generate([USER], {
      code_validity: null,
      validity_time_duration_unit: null,
      code_send_to: null,
    })
    const stored = await storedCode(tenant.id, USER)
    expect((stored?.expires_at ?? 0) - (stored?.issued_at ?? 0)).toBe(45 * 60_000)
    expect(echoOf(result)).toStrictEqual({
      email: USER,
      code_validity: '45',
      validity_time_duration_unit: 'MIN',
      code_send_to: 'DISPLAY',
    })
  })

  it('I4: each bad entry says what is wrong with it, and hurts no other', async () => {
    const tenant = await newTenant({ users: 3 })
    const disabled = await tenant.addUser('disabled@example.com')
    await tenant.scim('PATCH', `/Users/${disabled}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    })
    const cases: [unknown, number, RegExp][] = [
      [{ email: USER }, 1000, /^$/],
      [{ email: 'nobody@example.com' }, 1002, /^User not found\.$/],
      [{ email: 'disabled@example.com' }, 1002, /^User is disabled\.$/],
      [{ email: 'user3@example,com' }, 1002, /^User not found\.$/],
      [{}, 1002, /an object whose email is a string/],
      [{ email: null }, 1002, /an object whose email is a string/],
      [{ email: ['user2@example.com'] }, 1002, /an object whose email is a string/],
      ['user2@example.com', 1002, /an object whose email is a string/],
      [null, 1002, /an object whose email is a string/],
      [[{ email: 'user2@example.com' }], 1002, /an object whose email is a string/],
      [{ email: 'user2@example.com', code_validity: '9' }, 1003, /from 10 minutes to 24 hours/],
      [
        { email: 'user2@example.com', code_validity: '15', codeValidity: '20', codeSendTo: 'DISPLAY' },
        1003,
        /from 10 minutes to 24 hours/,
      ],
      [{ email: 'user2@example.com', code_send_to: 'SMS' }, 1004, /DISPLAY or EMAIL/],
      [{ email: 'user2@example.com', code_send_to: ['DISPLAY'] }, 1004, /DISPLAY or EMAIL/],
      [{ email: 'user2@example.com', code_send_to: 'EMAIL' }, 1005, /no mailer is configured/],
      [{ email: 'user2@example.com', code_send_to: 'email' }, 1005, /no mailer is configured/],
      [{ email: 'user3@example.com' }, 1000, /^$/],
    ]
    const { status, body } = await generate<GenerateResult[]>(
      tenant,
      cases.map(([entry]) => entry),
    )
    expect(status).toBe(200)
    expect(body.map((result) => result.status)).toEqual(cases.map(([, expected]) => expected))
    for (const [index, [, expected, message]] of cases.entries()) {
      expect(body[index]?.errorMessage ?? '').toMatch(message)
      expect(body[index]?.verify_code !== undefined).toBe(expected === 1000)
    }
    expect(await storedCode(tenant.id, 'user2@example.com')).toBeNull()
    // Disabling has marked the user as voided; no code was ever issued.
    expect(await storedCode(tenant.id, 'disabled@example.com')).toMatchObject({ digest: '' })
  })

  it('I3: prototype members of an entry set nothing', async () => {
    const tenant = await newTenant({ users: 1 })
    const response = await tenant.admin(RESET, [
      JSON.parse(`{"email":"${USER}","__proto__":{"code_send_to":"EMAIL"},"constructor":{"email":"x@y"}}`),
    ])
    const [result] = await response.json<GenerateResult[]>()
    expect(result).toMatchObject({ status: 1000 })
    expect(Object.keys(echoOf(result) ?? {})).toHaveLength(4)
  })
})

describe('the request as a whole', () => {
  it('100 users are served in one call', { timeout: 60_000 }, async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 100 })
    const results = await tenant.generate(tenant.emails)
    expect(results.map(({ status }) => status)).toEqual(Array(100).fill(1000))
    expect(results.map((result) => echoOf(result)?.['email'])).toEqual(tenant.emails)
    expect(new Set(results.map((result) => result.verify_code)).size).toBe(100)
  })

  it.each([
    [
      Array.from({ length: 101 }, () => ({ email: USER })),
      'Number of user details (101) in request exceeds maximum allowed (100)',
    ],
    [[], 'The request names no user.'],
    ['7', 'Send one user object, or an array of 1 to 100 of them.'],
    ['"user1@example.com"', 'Send one user object, or an array of 1 to 100 of them.'],
    ['null', 'Send one user object, or an array of 1 to 100 of them.'],
    ['', 'The body is empty: send JSON.'],
    ['[{"email":', 'The body is not valid JSON.'],
    [`[{"email":"x@y","email":"${USER}"}]`, 'The body names a member twice.'],
  ])('I1: a fault of the whole request generates nothing: %#', async (body, description) => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const before = await storedCodes(tenant.id)
    const response = await tenant.admin(RESET, body, 'help-desk', { 'Content-Type': 'application/json' })
    expect(response.status).toBe(400)
    expect(await response.json()).toStrictEqual({ code: '400 BAD_REQUEST', description })
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })
})

describe('the mode', () => {
  it('enrollment codes and password reset codes lead lives of their own', async () => {
    const tenant = await newTenant({ users: 1 })
    const reset = await tenant.newCode(USER)
    const { body } = await generate<GenerateResult[]>(tenant, [{ email: USER }], ENROLL)
    expect(body).toMatchObject([{ status: 1000, verify_code_generation_mode: 'ENROLLMENT' }])
    const enrollment = body[0]?.verify_code ?? ''
    expect((await tenant.validate(USER, enrollment)).status).toBe(401)
    expect((await tenant.validate(USER, reset)).status).toBe(200)

    expect(await tenant.void([USER], 'ENROLLMENT')).toMatchObject([{ status: 1014 }])
    expect((await tenant.validate(USER, reset)).status).toBe(200)
    await generate(tenant, [{ email: USER }], ENROLL)
    expect(await tenant.void([USER])).toMatchObject([{ status: 1016 }])
    expect(await storedCode(tenant.id, USER, 'ENROLLMENT')).toMatchObject({ ended_as: null })
  })
})
