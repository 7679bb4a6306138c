import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { newTenant, NO_LIMITS, wrongCode } from '../../rig/service.ts'
import { storedCode, storedCodes } from '../../rig/stored-code.ts'
import { failWritesOf } from '../../rig/fail-writes.ts'

const newUsers = (users: number) => newTenant({ policy: NO_LIMITS, users })

const countEvents = async (tenantId: string, action: string): Promise<number> => {
  const counted = await env.DB.prepare(
    'SELECT count(*) AS count FROM admin_events WHERE tenant_id = ? AND action = ?',
  )
    .bind(tenantId, action)
    .first<{ count: number }>()
  return counted?.count ?? -1
}

describe('a user whose rows the database refuses', () => {
  it('I4: is 1015 in a void, and the others are voided', async () => {
    const tenant = await newUsers(9)
    await tenant.generate(tenant.emails)
    const [, bad = '', ...others] = tenant.emails
    const before = await storedCode(tenant.id, bad)
    const repair = await failWritesOf(tenant, bad, 'UPDATE ON reset_codes')
    const log = vi.spyOn(console, 'log')
    const results = await tenant.void([...tenant.emails, bad])
    await repair()
    expect(results.map(({ status }) => status)).toEqual([
      1016, 1015, 1016, 1016, 1016, 1016, 1016, 1016, 1016, 1015,
    ])
    expect(results[1]?.errorMessage).toBe(
      'The code could not be voided because of an internal error. Try again.',
    )
    expect(await storedCode(tenant.id, bad)).toEqual(before)
    for (const email of others) {
      expect(await storedCode(tenant.id, email)).toMatchObject({ ended_as: 'voided' })
    }
    // The event of a user is written with the change or not at all (D3).
    expect(await countEvents(tenant.id, 'void')).toBe(8)
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toContainEqual(
      expect.objectContaining({
        status: 200,
        outcome: 'failed-for-some',
        fault: expect.stringContaining('SQLITE_CONSTRAINT'),
      }),
    )
    expect((await tenant.void([bad]))[0]?.status).toBe(1016)
  })

  it('I4: is 1006 in a generate, keeps the former code, and the others have new ones', async () => {
    const tenant = await newUsers(5)
    const [bad = '', good = ''] = tenant.emails
    const former = await tenant.newCode(bad)
    const repair = await failWritesOf(tenant, bad, 'UPDATE ON reset_codes')
    const results = await tenant.generate(tenant.emails)
    await repair()
    expect(results.map(({ status }) => status)).toEqual([1006, 1000, 1000, 1000, 1000])
    expect(results[0]).not.toHaveProperty('verify_code')
    expect((await tenant.validate(bad, former)).status).toBe(200)
    expect((await tenant.validate(good, results[1]?.verify_code ?? '')).status).toBe(200)
    expect((await tenant.validate(good, wrongCode(results[1]?.verify_code ?? ''))).status).toBe(401)
    expect(await countEvents(tenant.id, 'generate')).toBe(1 + 4)
  })

  it('D2: where it is every user, the call is answered 503, and nothing is changed', async () => {
    const tenant = await newUsers(3)
    await tenant.generate(tenant.emails)
    const before = await storedCodes(tenant.id)
    const repairs = [
      await failWritesOf(tenant, 'user1@example.com', 'UPDATE ON reset_codes'),
      await failWritesOf(tenant, 'user2@example.com', 'UPDATE ON reset_codes'),
    ]
    const response = await tenant.admin('/users/voidVerifyCode', {
      code_generation_mode: 'PASSWORD_RESET',
      user_emails: ['user1@example.com', 'user2@example.com'],
    })
    for (const repair of repairs) await repair()
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
    expect(await storedCodes(tenant.id)).toEqual(before)
  })
})
