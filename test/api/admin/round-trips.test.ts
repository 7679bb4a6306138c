import { env } from 'cloudflare:workers'
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { app } from '../../../src/local.ts'
import { countingD1 } from '../../rig/counting-d1.ts'
import { newRequest, newTenant, NO_LIMITS, wrongCode, type Call, type Tenant } from '../../rig/service.ts'

/**
 * What a request costs, in calls over the network: one to the tenant's limiter and one to the
 * database, however long its list is. The tenant and the key are known by then: the isolate keeps them.
 */

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

let tenant: Tenant & { emails: string[] }
beforeAll(async () => {
  tenant = await newTenant({ policy: NO_LIMITS, users: 100 })
  // The isolate learns the tenant by its host and by both of its keys.
  await tenant.validate('nobody@example.com', 'x')
  await tenant.void(['nobody@example.com'])
}, 60_000)

/** A limiter is asked once, or not at all where the isolate holds a lease. */
const AT_MOST_ONE = expect.toSatisfy((calls: number) => calls <= 1) as number

/** The calls that one request makes to the database and to Durable Objects. */
async function costOf(path: string, options: Call) {
  const db = countingD1(env.DB)
  let objects = 0
  const limiter = {
    getByName: (name: string) => {
      const stub = env.TENANT_LIMITER.getByName(name)
      return {
        answer: (...args: Parameters<typeof stub.answer>) => {
          objects += 1
          return stub.answer(...args)
        },
      }
    },
  } as unknown as Env['TENANT_LIMITER']
  const context = createExecutionContext()
  const request = newRequest(`https://${tenant.host}${path}`, options)
  const response = await app.fetch(request, { ...env, DB: db, TENANT_LIMITER: limiter }, context)
  await response.arrayBuffer()
  await waitOnExecutionContext(context)
  return { status: response.status, trips: db.trips, objects }
}

const GENERATE = '/AdminInterface/restapi/v1/users/generateVerifyCode/resetPassword'
const VOID = '/AdminInterface/restapi/v1/users/voidVerifyCode'
const VALIDATE = '/api/passwordmanagement/validatePasswordResetCode'
const ONE_EACH = { status: 200, trips: 1, objects: AT_MOST_ONE }

describe('one round trip to the database, and one to the limiter', () => {
  it.each([1, 2, 100])('generate for %i users', async (count) => {
    const body = tenant.emails.slice(0, count).map((email) => ({ email }))
    expect(await costOf(GENERATE, { token: await tenant.token(), body })).toEqual(ONE_EACH)
  })

  it.each([1, 2, 100])('void for %i users', async (count) => {
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails: tenant.emails.slice(0, count) }
    expect(await costOf(VOID, { token: await tenant.token(), body })).toEqual(ONE_EACH)
  })

  it('generate and void for users who are not there', async () => {
    const token = await tenant.token()
    const emails = ['nobody@example.com', 'no address', 'user3@example,com']
    const entries = emails.map((email) => ({ email }))
    expect(await costOf(GENERATE, { token, body: entries })).toEqual(ONE_EACH)
    const body = { code_generation_mode: 'ENROLLMENT', user_emails: emails }
    expect(await costOf(VOID, { token, body })).toEqual(ONE_EACH)
  })

  it('validate, for every answer', async () => {
    const [email = '', voided = '', locked = ''] = tenant.emails
    const code = await tenant.newCode(email)
    await tenant.newCode(locked)
    await tenant.newCode(voided)
    await tenant.void([voided])
    const wrong = wrongCode(code)
    for (const [address, presented, status] of [
      [email, code, 200],
      [email, wrong, 401],
      [voided, wrong, 401],
      ['nobody@example.com', wrong, 401],
      ['no address', wrong, 401],
      ...Array.from({ length: 6 }, () => [locked, wrong, 401] as const),
    ] as const) {
      const body = String(new URLSearchParams({ emailAddress: address, passwordResetCode: presented }))
      expect(await costOf(VALIDATE, { body, headers: FORM })).toEqual({ ...ONE_EACH, status })
    }
  })
})

describe('what is refused before its work costs no round trip to the database', () => {
  it.each([GENERATE, VOID])('%s without a good token, nor one to the limiter', async (path) => {
    const token = await tenant.token()
    const free = { status: 401, trips: 0, objects: 0 }
    expect(await costOf(path, { body: [] })).toEqual(free)
    expect(await costOf(path, { body: [], token: 'x.y.z' })).toEqual(free)
    expect(await costOf(path, { body: [], token: `${token.slice(0, -8)}AAAAAAAA` })).toEqual(free)
  })

  it('a fault of the whole request, on every call', async () => {
    const token = await tenant.token()
    const rejected = { status: 400, trips: 0, objects: 0 }
    const user_emails = Array(178).fill('user1@example.com')
    expect(await costOf(GENERATE, { token, body: user_emails })).toEqual(rejected)
    const body = { code_generation_mode: 'PASSWORD_RESET', user_emails }
    expect(await costOf(VOID, { token, body })).toEqual(rejected)
    expect(await costOf(VALIDATE, { body: 'emailAddress=a@b', headers: FORM })).toEqual({
      ...rejected,
      objects: AT_MOST_ONE,
    })
  })
})
