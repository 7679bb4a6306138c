import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { newMailHook } from '../../rig/mail-hook.ts'
import { newTenant, NO_LIMITS, type Tenant } from '../../rig/service.ts'

const USER = 'user1@example.com'

function newMailed(customEmail: unknown) {
  const policy = { ...NO_LIMITS, ...newMailHook().policy, notify: { issued: false }, code: { customEmail } }
  return newTenant({ policy, users: 1 })
}

/** What is answered to a code for these other addresses. */
async function answers(tenant: Tenant, addresses: readonly (string | undefined)[]) {
  const entries = addresses.map((custom_email) => ({ email: USER, code_send_to: 'EMAIL', custom_email }))
  return Promise.all(entries.map(async (entry) => (await tenant.generate([entry.email], entry))[0]))
}

async function results({ id }: Tenant): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT result || ' ' || destination AS told FROM admin_events WHERE tenant_id = ? AND mode IS NOT NULL`,
  )
    .bind(id)
    .all<{ told: string }>()
  return results.map(({ told }) => told)
}

describe('the policy code.customEmail', () => {
  it('off: nobody but the user is mailed a code, and the event says what was wanted', async () => {
    const tenant = await newMailed('off')
    const [refused, own, same] = await answers(tenant, [
      'eve@elsewhere.example',
      undefined,
      'User1@example.com',
    ])
    expect(refused).toMatchObject({
      status: 1005,
      errorMessage: expect.stringMatching(/^This tenant allows no custom_email\./),
    })
    expect([own?.status, same?.status]).toEqual([1001, 1001])
    expect((await results(tenant)).toSorted()).toEqual([
      'custom-email-off e***@elsewhere.example',
      'issued u***@example.com',
      'issued u***@example.com',
    ])
    expect((await tenant.generate([USER]))[0]?.status).toBe(1000)
  })

  it('domains: those alone, in canonical form, and no sub-domain that is not written', async () => {
    const domains = ['Partner.example', 'bücher.example', 'mail.firm.example']
    const tenant = await newMailed({ domains })
    const allowed = ['a@partner.example', 'a@PARTNER.EXAMPLE', 'a@bücher.example', 'a@xn--bcher-kva.example']
    const refused = [
      'a@sub.partner.example',
      'a@notpartner.example',
      'a@partner.example.evil.example',
      'partner.example@evil.example',
      'a@firm.example',
      'a@ｐartner.example',
      'a@bucher.example',
    ]
    const seen = await answers(tenant, [...allowed, 'a@mail.firm.example'])
    expect(seen.map((result) => result?.status)).toEqual(seen.map(() => 1001))
    for (const result of await answers(tenant, refused)) {
      expect(result?.status).toBe(1005)
      expect(result?.verify_code).toBeUndefined()
    }
    const [other] = await answers(tenant, ['a@firm.example'])
    expect(other?.errorMessage).toMatch(/^This tenant does not allow a custom_email of that domain\./)
    expect(await results(tenant)).toContain('custom-email-domain a***@firm.example')
  })

  it('leaves the code alone that the user has', async () => {
    const tenant = await newMailed('off')
    const code = await tenant.newCode(USER)
    await answers(tenant, ['eve@elsewhere.example'])
    expect((await tenant.validate(USER, code)).status).toBe(200)
  })
})
