import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { app } from '../../../src/local.ts'
import { newRequest, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../../rig/service.ts'
import { storedCode } from '../../rig/stored-code.ts'

const PATH = '/api/passwordmanagement/validatePasswordResetCode'
const REFUSED = JSON.stringify({
  faultcode: 'Client',
  faultstring: 'The password reset code is not valid for this e-mail address.',
})

afterEach(() => {
  vi.useRealTimers()
})

/** Users in every state that a code can be refused in: what to send for each. */
async function everyRefusal(): Promise<{ tenant: Tenant; cases: Record<string, [string, string]> }> {
  const tenant = await newTenant({ policy: { ...NO_LIMITS, code: { attemptsMax: 5 } } })
  const other = await newTenant({ policy: NO_LIMITS })
  const newCodeOf = async (name: string, at = tenant) => {
    await at.addUser(`${name}@example.com`)
    return at.newCode(`${name}@example.com`)
  }
  const state = (active: boolean) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active } }],
  })
  const idOf = async (name: string) => (await storedCode(tenant.id, `${name}@example.com`))?.user_id

  const codes: Record<string, string> = { expired: await newCodeOf('expired') }
  vi.setSystemTime(Date.now() + 600_000)
  for (const name of [
    'wrong',
    'voided',
    'superseded',
    'locked',
    'disabled',
    'enabled-again',
    'deleted',
    'disabled-by-hand',
  ]) {
    codes[name] = await newCodeOf(name)
  }
  codes['elsewhere'] = await newCodeOf('elsewhere', other)
  await tenant.addUser('never-issued@example.com')
  await tenant.void(['voided@example.com'])
  await tenant.newCode('superseded@example.com')
  for (let attempt = 0; attempt < 5; attempt++) await tenant.validate('locked@example.com', 'wrong')
  await tenant.scim('PATCH', `/Users/${await idOf('disabled')}`, state(false))
  await tenant.scim('PATCH', `/Users/${await idOf('enabled-again')}`, state(false))
  await tenant.scim('PATCH', `/Users/${await idOf('enabled-again')}`, state(true))
  // Whatever else may disable a user: a code is live only while its user is enabled.
  await env.DB.prepare("UPDATE users SET status = 'disabled' WHERE id = ?")
    .bind(await idOf('disabled-by-hand'))
    .run()
  await tenant.scim('DELETE', `/Users/${await idOf('deleted')}`)

  const right = codes['wrong'] ?? ''
  const cases: Record<string, [string, string]> = {
    'a wrong code': ['wrong@example.com', wrongCode(right)],
    'nothing but dashes': ['wrong@example.com', '---'],
    'a code of 60,000 symbols': ['wrong@example.com', '7'.repeat(60_000)],
    'an unknown address': ['nobody@example.com', right],
    'no address': ['a@b, wrong@example.com', right],
    'an address too long': [`${'a'.repeat(10_000)}@example.com`, right],
    'another user’s code': ['never-issued@example.com', right],
  }
  for (const [name, code] of Object.entries(codes)) {
    if (name !== 'wrong') cases[name] = [`${name}@example.com`, code]
  }
  return { tenant, cases }
}

describe('every refusal', () => {
  it('N1: is the same answer to the byte, and when it is repeated', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant, cases } = await everyRefusal()
    const answers = new Map<string, string[]>()
    for (const [name, [email, presented]] of Object.entries(cases)) {
      for (let time = 0; time < 3; time++) {
        // The bucket is full again for each, so that its headers can be compared too.
        vi.setSystemTime(Date.now() + 1000)
        const response = await tenant.validate(email, presented)
        const headers = [...response.headers].filter(([header]) => header !== 'x-request-id')
        const answer = JSON.stringify([response.status, headers, await response.text()])
        answers.set(answer, [...(answers.get(answer) ?? []), name])
      }
    }
    expect([...answers.values()]).toEqual([Object.keys(cases).flatMap((name) => [name, name, name])])
    const [[status, , body] = []] = [...answers.keys()].map((answer) => JSON.parse(answer) as unknown[])
    expect([status, body]).toEqual([401, REFUSED])
  })

  it('N2: writes two rows, whatever its cause', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { tenant, cases } = await everyRefusal()
    const written: Record<string, number> = {}
    for (const [name, [emailAddress, passwordResetCode]] of Object.entries(cases)) {
      const url = `https://${tenant.host}${PATH}`
      const request = newRequest(url, {
        body: String(new URLSearchParams({ emailAddress, passwordResetCode })),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      })
      const metered = meteredD1(env.DB)
      expect((await app.fetch(request, { ...env, DB: metered })).status).toBe(401)
      written[name] = metered.rowsWritten
    }
    expect(written).toEqual(Object.fromEntries(Object.keys(cases).map((name) => [name, 2])))
  })
})

/** The real database, adding up the rows that its statements write. */
function meteredD1(real: D1Database): D1Database & { rowsWritten: number } {
  const metered = {
    rowsWritten: 0,
    prepare: (query: string) => real.prepare(query),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await real.batch(statements)
      for (const { meta } of results) metered.rowsWritten += meta.rows_written
      return results
    },
  } as unknown as D1Database & { rowsWritten: number }
  return metered
}
