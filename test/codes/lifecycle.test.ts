import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../src/local.ts'
import {
  call,
  newRequest,
  newTenant,
  NO_LIMITS,
  wrongCode,
  type GenerateResult,
  type Tenant,
} from '../rig/service.ts'
import { storedCode, storedCodes } from '../rig/stored-code.ts'

const USER = 'user1@example.com'
const MINUTE_MS = 60_000
/** For tests of hundreds of requests, on a busy machine. */
const SLOW = { timeout: 60_000 }

const isLive = async (tenant: Tenant, code: string, email = USER) =>
  (await tenant.validate(email, code)).status === 200

afterEach(() => {
  vi.useRealTimers()
})

describe('superseding', () => {
  it('R2: only the newest code works, and the old one never comes back', async () => {
    const tenant = await newTenant({ users: 1 })
    const codes = []
    for (let issued = 0; issued < 4; issued++) {
      codes.push(await tenant.newCode(USER))
      const lives = await Promise.all(codes.map((code) => isLive(tenant, code)))
      expect(lives).toEqual(codes.map((_, index) => index === issued))
    }
    await tenant.void([USER])
    expect(await Promise.all(codes.map((code) => isLive(tenant, code)))).toEqual([false, false, false, false])
  })

  it('R2: also while wrong guesses are in flight', SLOW, async () => {
    const tenant = await newTenant({ policy: { ...NO_LIMITS, code: { attemptsMax: 10 } }, users: 1 })
    let old = await tenant.newCode(USER)
    for (let round = 0; round < 10; round++) {
      const guesses = Array.from({ length: 6 }, () => tenant.validate(USER, wrongCode(old)))
      const [[issued]] = await Promise.all([tenant.generate([USER]), ...guesses])
      const code = issued?.verify_code ?? ''
      expect(await isLive(tenant, old)).toBe(false)
      expect(await isLive(tenant, code)).toBe(true)
      old = code
    }
  })

  it('R2: a void ends the newest code whatever came before it', async () => {
    const tenant = await newTenant({ users: 1 })
    await tenant.newCode(USER)
    await tenant.void([USER])
    const code = await tenant.newCode(USER)
    expect(await isLive(tenant, code)).toBe(true)
    expect(await tenant.void([USER])).toEqual([{ status: 1016, user_email: USER }])
    expect(await isLive(tenant, code)).toBe(false)
  })

  it(
    'R4: two parallel generates over the same 50 users leave one live code each, all of one call',
    SLOW,
    async () => {
      const tenant = await newTenant({ policy: NO_LIMITS, users: 50 })
      for (let round = 0; round < 3; round++) {
        const calls = await Promise.all([tenant.generate(tenant.emails), tenant.generate(tenant.emails)])
        const liveOf = (results: GenerateResult[]) =>
          Promise.all(results.map(({ verify_code: code = '' }, i) => isLive(tenant, code, tenant.emails[i])))
        const lives = await Promise.all(calls.map(liveOf))
        const counts = lives.map((each) => each.filter(Boolean).length)
        expect(counts.toSorted((a, b) => a - b)).toEqual([0, 50])
      }
    },
  )

  it('R4: a user listed twice is shown the last code alone, and the earlier entry says so', async () => {
    const tenant = await newTenant({ users: 2 })
    const [first, other, second, last] = await tenant.generate([
      USER,
      'user2@example.com',
      ' USER1@example.com ',
      USER,
    ])
    for (const earlier of [first, second]) {
      expect(earlier).toMatchObject({ status: 1006, errorMessage: expect.stringMatching(/listed again/) })
      expect(earlier).not.toHaveProperty('verify_code')
    }
    expect([other?.status, last?.status]).toEqual([1000, 1000])
    expect(await isLive(tenant, last?.verify_code ?? '')).toBe(true)
    expect(await isLive(tenant, other?.verify_code ?? '', 'user2@example.com')).toBe(true)
  })

  it('R4: a later entry that is refused does not take the code from an earlier one', async () => {
    const tenant = await newTenant({ users: 1 })
    const response = await tenant.admin('/users/generateVerifyCode/resetPassword', [
      { email: USER },
      { email: USER, code_send_to: 'PIGEON' },
    ])
    const [good, bad] = await response.json<GenerateResult[]>()
    expect([good?.status, bad?.status]).toEqual([1000, 1004])
    expect(await isLive(tenant, good?.verify_code ?? '')).toBe(true)
  })
})

describe('expiry', () => {
  it.each([
    { options: {}, minutes: 10 },
    { options: { code_validity: '11', validity_time_duration_unit: 'MIN' }, minutes: 11 },
    { options: { code_validity: '24', validity_time_duration_unit: 'HOUR' }, minutes: 1440 },
  ])('R6: a code of $minutes minutes ends at its millisecond', async ({ options, minutes }) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const issuedAt = Date.now()
    const tenant = await newTenant({ users: 1 })
    const [issued] = await tenant.generate([USER], options)
    const code = issued?.verify_code ?? ''
    const expiresAt = Date.parse(issued?.verify_code_validity_time ?? '')
    expect(expiresAt).toBe(issuedAt + minutes * MINUTE_MS)
    vi.setSystemTime(expiresAt - 1)
    expect(await isLive(tenant, code)).toBe(true)
    vi.setSystemTime(expiresAt)
    expect(await isLive(tenant, code)).toBe(false)
    // What has expired is no longer guessed at, and no longer there to void.
    expect(await storedCode(tenant.id, USER)).toMatchObject({ failures: 0, ended_as: null })
    expect(await tenant.void([USER])).toMatchObject([{ status: 1015 }])
  })

  it('R6: a new code has an expiry of its own, later or earlier than the old one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ users: 1 })
    const issue = async (validity: string) => {
      const options = { code_validity: validity, validity_time_duration_unit: 'MIN' }
      const [issued] = await tenant.generate([USER], options)
      return issued?.verify_code ?? ''
    }
    await issue('10')
    vi.setSystemTime(Date.now() + 10 * MINUTE_MS)
    expect(await isLive(tenant, await issue('60'))).toBe(true)
    const shorter = await issue('10')
    vi.setSystemTime(Date.now() + 10 * MINUTE_MS)
    expect(await isLive(tenant, shorter)).toBe(false)
  })

  it('R6: a void at the last millisecond still finds the code', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ users: 1 })
    await tenant.newCode(USER)
    vi.setSystemTime(Date.now() + 10 * MINUTE_MS - 1)
    expect(await tenant.void([USER])).toMatchObject([{ status: 1016 }])
  })

  it('R7: validating does not lengthen the life of a code', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const before = await storedCode(tenant.id, USER)
    vi.setSystemTime(Date.now() + 5 * MINUTE_MS)
    expect(await isLive(tenant, code)).toBe(true)
    expect(await storedCode(tenant.id, USER)).toEqual({ ...before, verdict: 'match' })
  })

  it.each([
    ['9', 'MIN'],
    ['0', 'MIN'],
    ['-1', 'MIN'],
    ['-10', 'MIN'],
    ['1441', 'MIN'],
    ['0', 'HOUR'],
    ['25', 'HOUR'],
    ['1000000000', 'MIN'],
    ['99999', 'HOUR'],
    ['9007199254740993', 'MIN'],
    ['4294967306', 'MIN'],
    ['10.5', 'MIN'],
    ['10.0', 'MIN'],
    ['0.5', 'HOUR'],
    ['1e3', 'MIN'],
    ['0x0F', 'MIN'],
    ['+15', 'MIN'],
    ['10,5', 'MIN'],
    [' 15 ', 'MIN'],
    ['15\n', 'MIN'],
    ['１５', 'MIN'],
    ['', 'MIN'],
    ['Infinity', 'MIN'],
    ['NaN', 'MIN'],
    ['forever', 'MIN'],
    [9, 'MIN'],
    [-15, 'MIN'],
    [1e9, 'MIN'],
    [1e21, 'MIN'],
    [10.5, 'MIN'],
    [true, 'MIN'],
    [['15'], 'MIN'],
    [{ value: 15 }, 'MIN'],
    ['15', 'SEC'],
    ['15', 'DAY'],
    ['15', ''],
    ['15', 'MINUTES'],
    ['15', ' MIN'],
    ['15', 1],
    ['15', ['MIN']],
    ['15', '__proto__'],
    ['15', 'constructor'],
    ['15', null],
    ['15', undefined],
    [null, 'MIN'],
    [undefined, 'HOUR'],
  ])('R7: %j %j is refused, and the live code stays alive', async (validity, unit) => {
    const tenant = await sharedTenant()
    const code = await tenant.newCode(USER)
    const before = await storedCodes(tenant.id)
    const [result] = await tenant.generate([USER], {
      code_validity: validity,
      validity_time_duration_unit: unit,
    })
    expect(result).toMatchObject({
      status: 1003,
      errorMessage: expect.stringContaining('10 minutes to 24 hours'),
    })
    expect(result).not.toHaveProperty('verify_code')
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect(await isLive(tenant, code)).toBe(true)
  })

  let shared: Promise<Tenant> | undefined
  /** One tenant for the table above: its rows follow one another and leave nothing behind. */
  const sharedTenant = () => (shared ??= newTenant({ policy: NO_LIMITS, users: 1 }))

  it('R7: a policy cannot widen the bounds', async () => {
    for (const ttlMinutes of [9, 0, 1441, 1e9]) {
      await expect(newTenant({ policy: { code: { ttlMinutes } } })).rejects.toThrow('expected 201, got 400')
    }
  })
})

describe('what is refused or only asked', () => {
  it('R8: a refused or limited generate leaves the live code alive', async () => {
    const tenant = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 2 } } } })
    await tenant.addUser(USER)
    const code = await tenant.newCode(USER)
    const before = await storedCodes(tenant.id)
    const path = '/users/generateVerifyCode/resetPassword'
    const tooMany = Array.from({ length: 101 }, () => ({ email: USER }))
    const bodies = [[{ email: USER, code_send_to: 'EMAIL' }], tooMany, 7, [{ email: USER }]]
    const statuses = []
    for (const body of bodies) statuses.push((await tenant.admin(path, body)).status)
    expect(statuses).toEqual([200, 400, 400, 429])
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect(await isLive(tenant, code)).toBe(true)
  })

  it('a pepper put in front ends no live code, and one taken away ends its own', async () => {
    const tenant = await newTenant({ users: 1 })
    const code = await tenant.newCode(USER)
    const query = String(new URLSearchParams({ emailAddress: USER, passwordResetCode: code }))
    const url = `https://${tenant.host}/api/passwordmanagement/validatePasswordResetCode?${query}`
    const statusUnder = async (PEPPERS: string) =>
      (await app.fetch(newRequest(url, {}), { ...env, PEPPERS })).status
    const fresh = `fresh:${Buffer.alloc(32, 7).toString('base64url')}`
    expect(await statusUnder(`${fresh},${env.PEPPERS}`)).toBe(200)
    expect(await statusUnder(fresh)).toBe(401)
    expect(await statusUnder(env.PEPPERS)).toBe(200)
  })

  it('R9: nothing that is stored is a code', async () => {
    const tenant = await newTenant({ policy: { code: { attemptsMax: 10 } }, users: 1 })
    await tenant.newCode(USER)
    const stored = await storedCode(tenant.id, USER)
    const { digest = '', code_id: codeId = '', pepper_id: pepperId = '', user_id: userId = '' } = stored ?? {}
    const hex = Buffer.from(digest, 'base64url').toString('hex')
    const raw = Buffer.from(digest, 'base64url').toString('latin1')
    for (const presented of [digest, digest.toLowerCase(), hex, raw, codeId, pepperId, userId]) {
      expect(await isLive(tenant, presented)).toBe(false)
    }
    expect(digest).toMatch(/^[\w-]{43}$/)
  })

  it.each(['GET', 'HEAD', 'OPTIONS'])('R10: %s spends nothing', async (method) => {
    const tenant = await newTenant({ policy: { code: { attemptsMax: 1 } }, users: 1 })
    const code = await tenant.newCode(USER)
    const before = await storedCodes(tenant.id)
    const base = `https://${tenant.host}/api/passwordmanagement`
    const token = await tenant.token()
    const wrong = String(new URLSearchParams({ emailAddress: USER, passwordResetCode: wrongCode(code) }))
    const requests = [
      { url: `${base}/validatePasswordResetCode?${wrong}` },
      { url: `${base}/passwordmanagement/validatePasswordResetCode?${wrong}` },
      { url: `https://${tenant.host}/AdminInterface/restapi/v1/users/voidVerifyCode`, token },
      {
        url: `https://${tenant.host}/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword`,
        token,
      },
    ]
    for (const { url, ...options } of requests) {
      const response = await call(url, { method, ...options })
      expect(response.status).toBe(405)
      expect(response.headers.get('Allow')).toContain('POST')
    }
    expect(await storedCodes(tenant.id)).toEqual(before)
    expect(await isLive(tenant, code)).toBe(true)
  })
})
