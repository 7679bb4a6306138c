import { afterEach, describe, expect, it, vi } from 'vitest'
import { newTenant, NO_LIMITS, wrongCode, type Tenant } from '../../rig/service.ts'
import { storedCodes } from '../../rig/stored-code.ts'

const USER = 'user1@example.com'
const PATH = '/users/voidVerifyCode'
const RESET_SENTENCE =
  'No password reset code found to void. Password reset code may have expired or has been used already.'
const ENROLLMENT_SENTENCE =
  'No enrollment code found to void. Enrollment code may have expired or has been used already.'

const post = async (tenant: Tenant, body: unknown) => {
  const response = await tenant.admin(PATH, body, 'help-desk', { 'Content-Type': 'application/json' })
  return { status: response.status, body: await response.json() }
}

const enroll = (tenant: Tenant, email: string) => tenant.admin('/users/generateVerifyCode/enroll', { email })

afterEach(() => {
  vi.useRealTimers()
})

describe('voidVerifyCode', () => {
  it('voids the live codes and says of every other address why not', async () => {
    const tenant = await newTenant({ users: 2 })
    const [one = '', two = ''] = tenant.emails
    const code = await tenant.newCode(one)
    await tenant.newCode(two)
    expect(await tenant.void([one, two, 'nobody@example.com'])).toEqual([
      { status: 1016, user_email: one },
      { status: 1016, user_email: two },
      { status: 1002, user_email: 'nobody@example.com', errorMessage: 'User not found.' },
    ])
    expect((await tenant.validate(one, code)).status).toBe(401)
  })

  it('has the documented members alone, and errorMessage only where something is wrong', async () => {
    const tenant = await newTenant({ users: 2 })
    await tenant.newCode(USER)
    const answer = await post(tenant, {
      code_generation_mode: 'PASSWORD_RESET',
      user_emails: [USER, 'user2@example.com'],
    })
    expect(answer).toStrictEqual({
      status: 200,
      body: {
        results: [
          { status: 1016, user_email: USER },
          {
            status: 1015,
            user_email: 'user2@example.com',
            errorMessage: `${RESET_SENTENCE} No code has been issued to this user.`,
          },
        ],
      },
    })
  })

  it.each([
    { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER] },
    { codeGenerationMode: 'PASSWORD_RESET', userEmails: [USER] },
    { code_generation_mode: 'PASSWORD_RESET', userEmails: [USER] },
    { codeGenerationMode: 'PASSWORD_RESET', user_emails: [USER] },
    {
      code_generation_mode: 'PASSWORD_RESET',
      codeGenerationMode: 'PASSWORD_RESET',
      user_emails: [USER],
      userEmails: [USER],
    },
    { code_generation_mode: 'password_reset', user_emails: [USER] },
    { code_generation_mode: 'Password_Reset', user_emails: USER },
    { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER], userEmails: null },
    { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER], status: 1016, tenant_id: 'other', x: {} },
  ])('means the same however it is spelled: %j', async (body) => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    expect(await post(tenant, body)).toStrictEqual({
      status: 200,
      body: { results: [{ status: 1016, user_email: USER }] },
    })
    expect((await tenant.validate(USER, code)).status).toBe(401)
  })

  it('matches addresses trimmed and without case, and echoes them as sent', async () => {
    const tenant = await newTenant({ users: 1 })
    await tenant.newCode(USER)
    expect(await tenant.void([' USER1@Example.COM '])).toStrictEqual([
      { status: 1016, user_email: ' USER1@Example.COM ' },
    ])
  })

  it('I4: what is no address is a result of its own, whatever its type', async () => {
    const tenant = await newTenant({ users: 2 })
    await tenant.newCode(USER)
    await tenant.newCode('user2@example.com')
    const emails = [
      USER,
      'user3@example,com',
      '',
      7,
      null,
      ['user2@example.com'],
      { a: 1 },
      'user2@example.com',
    ]
    const { status, body } = await post(tenant, {
      code_generation_mode: 'PASSWORD_RESET',
      user_emails: emails,
    })
    expect(status).toBe(200)
    const unknown = (email: string) => ({ status: 1002, user_email: email, errorMessage: 'User not found.' })
    expect(body).toStrictEqual({
      results: [
        { status: 1016, user_email: USER },
        unknown('user3@example,com'),
        unknown(''),
        unknown('7'),
        unknown('null'),
        unknown('["user2@example.com"]'),
        unknown('{"a":1}'),
        { status: 1016, user_email: 'user2@example.com' },
      ],
    })
  })

  it('a user named twice gets the same result twice, in every spelling', async () => {
    const tenant = await newTenant({ users: 2 })
    await tenant.newCode(USER)
    const twice = [
      USER,
      'user2@example.com',
      'User1@EXAMPLE.com',
      USER,
      'nobody@example.com',
      'nobody@example.com',
    ]
    const results = await tenant.void(twice)
    expect(results.map(({ status }) => status)).toEqual([1016, 1015, 1016, 1016, 1002, 1002])
    expect(results.map((result) => result.user_email)).toEqual(twice)
  })

  it('two parallel voids of one code: one finds it, the other says it was voided before', async () => {
    const tenant = await newTenant({ users: 1 })
    for (let round = 0; round < 5; round++) {
      await tenant.newCode(USER)
      const results = await Promise.all([tenant.void([USER]), tenant.void([USER])])
      const statuses = results.flat().map(({ status }) => status)
      expect(new Set(statuses)).toEqual(new Set([1015, 1016]))
    }
  })
})

describe('the reason why nothing was voided', () => {
  it('none, voided before, expired and locked each begin with the documented sentence', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ policy: { code: { attemptsMax: 1 } }, users: 4 })
    const [none = '', voided = '', expired = '', locked = ''] = tenant.emails
    await tenant.newCode(expired)
    vi.setSystemTime(Date.now() + 10 * 60_000)
    await tenant.newCode(voided)
    await tenant.void([voided])
    await tenant.validate(locked, wrongCode(await tenant.newCode(locked)))
    const results = await tenant.void([none, voided, expired, locked])
    expect(results.map(({ status }) => status)).toEqual([1015, 1015, 1015, 1015])
    expect(results.map((result) => result.errorMessage)).toEqual([
      `${RESET_SENTENCE} No code has been issued to this user.`,
      `${RESET_SENTENCE} The code was voided before.`,
      `${RESET_SENTENCE} The code has expired.`,
      `${RESET_SENTENCE} The code was locked by too many wrong attempts.`,
    ])
    // A void that found nothing has ended nothing: the reason stays what it was.
    vi.setSystemTime(Date.now() + 1)
    const before = await storedCodes(tenant.id)
    expect(await tenant.void([none, voided, expired, locked])).toEqual(results)
    const unmarked = (codes: typeof before) => codes.map((code) => ({ ...code, voided_at: null }))
    expect(unmarked(await storedCodes(tenant.id))).toEqual(unmarked(before))
  })

  it('a disabled user is 1002, as is a deleted one', async () => {
    const tenant = await newTenant({ users: 1 })
    const id = await tenant.addUser('user2@example.com')
    await tenant.newCode('user2@example.com')
    await tenant.scim('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    })
    expect(await tenant.void(['user2@example.com'])).toMatchObject([
      { status: 1002, errorMessage: 'User is disabled.' },
    ])
    await tenant.scim('DELETE', `/Users/${id}`)
    expect(await tenant.void(['user2@example.com'])).toMatchObject([
      { status: 1002, errorMessage: 'User not found.' },
    ])
  })
})

describe('ENROLLMENT', () => {
  it('voids enrollment codes alone, by 1014 and 1013, and a malformed address is 1002', async () => {
    const tenant = await newTenant({ users: 2 })
    const reset = await tenant.newCode(USER)
    await enroll(tenant, USER)
    const emails = [USER, 'user2@example.com', 'user3@example,com']
    expect(await tenant.void(emails, 'ENROLLMENT')).toStrictEqual([
      { status: 1014, user_email: USER },
      {
        status: 1013,
        user_email: 'user2@example.com',
        errorMessage: `${ENROLLMENT_SENTENCE} No code has been issued to this user.`,
      },
      { status: 1002, user_email: 'user3@example,com', errorMessage: 'User not found.' },
    ])
    expect(await tenant.void([USER], 'enrollment')).toMatchObject([
      { status: 1013, errorMessage: `${ENROLLMENT_SENTENCE} The code was voided before.` },
    ])
    expect((await tenant.validate(USER, reset)).status).toBe(200)
  })
})

describe('a fault of the whole request', () => {
  const mode = { code_generation_mode: 'PASSWORD_RESET' }
  const count = (users: number) => Array.from({ length: users }, (_, index) => `user${index + 1}@example.com`)
  const LIST = 'user_emails must be a list of 1 to 100 e-mail addresses.'
  const MODE = 'code_generation_mode must be PASSWORD_RESET or ENROLLMENT, in one spelling of the member.'

  it.each([
    [
      { ...mode, user_emails: count(178) },
      'Number of user details (178) in request exceeds maximum allowed (100)',
    ],
    [
      { ...mode, user_emails: count(101) },
      'Number of user details (101) in request exceeds maximum allowed (100)',
    ],
    [
      { ...mode, user_emails: Array(101).fill(USER) },
      'Number of user details (101) in request exceeds maximum allowed (100)',
    ],
    [{ ...mode, user_emails: [] }, 'The request names no user.'],
    [mode, LIST],
    [{ ...mode, user_emails: null }, LIST],
    [{ ...mode, user_emails: { 0: USER } }, LIST],
    [{ ...mode, user_emails: 7 }, LIST],
    [
      { ...mode, user_emails: [USER], userEmails: ['user2@example.com'] },
      'user_emails and userEmails differ: send one of them.',
    ],
    [
      { ...mode, user_emails: [USER], userEmails: [USER, 'user2@example.com'] },
      'user_emails and userEmails differ: send one of them.',
    ],
    [{ ...mode, codeGenerationMode: 'ENROLLMENT', user_emails: [USER] }, MODE],
    [{ user_emails: [USER] }, MODE],
    [{ code_generation_mode: 'PASSWORD', user_emails: [USER] }, MODE],
    [{ code_generation_mode: ' PASSWORD_RESET', user_emails: [USER] }, MODE],
    [{ code_generation_mode: ['PASSWORD_RESET'], user_emails: [USER] }, MODE],
    [{ code_generation_mode: '', user_emails: [USER] }, MODE],
    [[{ ...mode, user_emails: [USER] }], 'Send an object with code_generation_mode and user_emails.'],
    ['null', 'Send an object with code_generation_mode and user_emails.'],
    ['', 'The body is empty: send JSON.'],
    ['{', 'The body is not valid JSON.'],
    [
      `{"code_generation_mode":"PASSWORD_RESET","user_emails":["x@y"],"user_emails":["${USER}"]}`,
      'The body names a member twice.',
    ],
  ])('I4: voids nothing, and says what it is: %#', async (body, description) => {
    const tenant = await newTenant({ users: 2 })
    const code = await tenant.newCode(USER)
    await enroll(tenant, USER)
    const before = await storedCodes(tenant.id)
    expect(await post(tenant, body)).toStrictEqual({
      status: 400,
      body: { code: '400 BAD_REQUEST', description },
    })
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })

  it(
    '100 users are no fault: each has a result, in the order of the request',
    { timeout: 60_000 },
    async () => {
      const tenant = await newTenant({ policy: NO_LIMITS, users: 100 })
      await tenant.generate(tenant.emails)
      const reversed = tenant.emails.toReversed()
      const results = await tenant.void(reversed)
      expect(results).toStrictEqual(reversed.map((email) => ({ status: 1016, user_email: email })))
      expect((await storedCodes(tenant.id)).every(({ ended_as }) => ended_as === 'voided')).toBe(true)
    },
  )
})
