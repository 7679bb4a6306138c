import { describe, expect, it } from 'vitest'
import { newTenant } from '../../rig/service.ts'
import { storedCodes } from '../../rig/stored-code.ts'

const USER = 'user1@example.com'
const CALLS = [
  ['/users/generateVerifyCode/resetPassword', [{ email: USER }]],
  ['/users/generateVerifyCode/enroll', { email: USER }],
  ['/users/voidVerifyCode', { code_generation_mode: 'PASSWORD_RESET', user_emails: [USER] }],
] as const

const JSON_TYPE = 'application/json'

describe('the admin API answers JSON', () => {
  it.each([
    JSON_TYPE,
    '*/*',
    'application/*',
    'APPLICATION/JSON; charset=utf-8',
    'application/xml, application/json;q=0.1',
    'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2',
  ])('to Accept: %s', async (Accept) => {
    const tenant = await newTenant({ users: 1 })
    for (const [path, body] of CALLS) {
      const response = await tenant.admin(path, body, 'help-desk', { Accept })
      expect([path, response.status]).toEqual([path, 200])
      expect(response.headers.get('Content-Type')).toBe(JSON_TYPE)
    }
  })

  it.each(['application/xml', 'text/*', 'application/json;q=0', 'application/vnd.soa.v71+json'])(
    'and refuses Accept: %s with 406 before it does anything',
    async (Accept) => {
      const policy = { limits: { void: { perMinute: 1, burst: 1 } } }
      const tenant = await newTenant({ users: 0, policy })
      for (const [path, body] of CALLS) {
        const response = await tenant.admin(path, body, 'help-desk', { Accept })
        expect([path, response.status]).toEqual([path, 406])
        expect(await response.json()).toEqual({
          timestamp: expect.any(Number),
          status: 406,
          error: 'Not Acceptable',
          message: 'Accept one of: application/json.',
          path: `/AdminInterface/restapi/v1${path}`,
        })
      }
      expect(await storedCodes(tenant.id)).toEqual([])
      expect((await tenant.admin(...CALLS[2])).status).toBe(200)
    },
  )
})
