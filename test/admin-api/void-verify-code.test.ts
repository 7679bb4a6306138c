import { describe, expect, it } from 'vitest'
import { newTenant } from '../rig/service.ts'

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
})
