import { describe, expect, it } from 'vitest'
import { judge, type Purpose } from '../../src/codes/redeem-store.ts'
import { meteredDb } from '../rig/metered-d1.ts'
import { codeForm, REDEEM } from '../rig/presenting.ts'
import { call, newTenant, NO_LIMITS, wrongCode, type Tenant } from '../rig/service.ts'

const EXPIRY_MS = 600_000
const NETWORK = 'a hash of 12'

/** What may become of the code of a user. */
const ENDS: Record<string, (tenant: Tenant, email: string, code: string) => Promise<unknown>> = {
  wrong: async () => undefined,
  expired: async () => undefined,
  voided: (tenant, email) => tenant.void([email]),
  locked: (tenant, email, code) => tenant.validate(email, wrongCode(code)),
  redeemed: (tenant, email, code) => call(`https://${tenant.host}${REDEEM}`, codeForm(email, code)),
}

describe('a refusal', () => {
  it.each<[Purpose['tag'], Purpose]>([
    ['validate', { tag: 'validate' }],
    ['redeem', { tag: 'redeem' }],
    ['reserve', { tag: 'reserve', reservationId: 'r', until: Number.MAX_SAFE_INTEGER }],
  ])('N2: reads and writes as many rows, whatever became of the code: %s', async (_, purpose) => {
    const redeem = { kind: 'grant', audience: 'https://app.example.com' }
    const tenant = await newTenant({ policy: { ...NO_LIMITS, redeem, code: { attemptsMax: 1 } } })
    const db = meteredDb()
    const seen: [string | undefined, typeof db.rows][] = []
    for (const [state, end] of Object.entries(ENDS)) {
      const email = `${state}@example.com`
      await tenant.addUser(email)
      await end(tenant, email, await tenant.newCode(email))
      const now = Date.now() + (state === 'expired' ? EXPIRY_MS : 0)
      const caps = { attemptsMax: state === 'wrong' ? 2 : 1, failuresMax: 100 }
      const scope = { db: db as unknown as D1Database, tenantId: tenant.id, now, ...caps }
      const found = await judge(
        { ...scope, mode: 'PASSWORD_RESET' },
        email,
        ['x'.repeat(43)],
        { network: NETWORK, client: NETWORK },
        purpose,
      )
      seen.push([found?.verdict, db.rows])
    }
    const [, rows] = seen[0] ?? []
    expect(rows).toMatchObject([{ written: 1 }, { written: 1 }])
    expect(seen).toEqual(Object.keys(ENDS).map((state) => [state, rows]))
  })
})
