import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { queryUsers } from '../../src/users/user-query-store.ts'
import { meteredDb } from '../rig/metered-d1.ts'
import { page, type Page } from '../rig/scim.ts'
import { newTenant, operate, type Tenant } from '../rig/service.ts'

const BLOCKS = 256
const PAGE = 100

/** Adds users as an import would, without the service: as many in every block of ids. */
async function addUsers({ id }: Tenant, perBlock: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < CAST(?2 AS INTEGER))
     INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at) SELECT printf('%02x%06x-', i % 256, i / 256) || ?1, ?1, i, i, i, i, 'enabled', '{}', 0, 0 FROM n`,
  )
    .bind(id, BLOCKS * perBlock)
    .run()
}

const total = async (tenant: Tenant) => (await page(tenant, { count: '0' })).totalResults
const idsOf = ({ Resources }: Page) => Resources.map(({ id }) => id)

describe('a page of the directory', () => {
  it.each([4, 200])('L2: reads no more rows however deep it lies: %i users in a block', async (perBlock) => {
    const tenant = await newTenant()
    await addUsers(tenant, perBlock)
    const users = BLOCKS * perBlock
    for (const offset of [0, 1, PAGE, users / 2 + 7, users - PAGE, users - 1, users, users + 5]) {
      const db = meteredDb()
      const scope = { db: db as unknown as D1Database, tenantId: tenant.id, now: 0 }
      const slice = { offset, limit: PAGE }
      const listed = await queryUsers(scope, { condition: undefined, order: undefined, slice })
      if (listed.tag !== 'found') throw new Error(listed.tag)
      const length = Math.max(0, Math.min(PAGE, users - offset))
      expect([offset, listed.total, listed.page.length]).toEqual([offset, users, length])
      const [counted, , found] = db.rows
      // Where a range ends, the row behind it is read too.
      expect(counted?.read).toBeLessThanOrEqual(BLOCKS + 1)
      // The counts, thrice for their running sum; the users of one block; and each of the page, index and row.
      expect(found?.read).toBeLessThanOrEqual(3 * BLOCKS + 5 + perBlock + 2 * PAGE)
    }
  })

  it('follows the one before it: every user is on one page, and on one alone', async () => {
    const tenant = await newTenant({ users: 7 })
    for (const count of [1, 2, 3, 7, 100]) {
      const walked: string[] = []
      for (let startIndex = 1; startIndex <= 7; startIndex += count) {
        const listed = await page(tenant, { startIndex: String(startIndex), count: String(count) })
        expect(listed).toMatchObject({
          totalResults: 7,
          startIndex,
          itemsPerPage: Math.min(count, 8 - startIndex),
        })
        walked.push(...idsOf(listed))
      }
      expect(walked).toEqual(idsOf(await page(tenant)))
      expect(new Set(walked).size).toBe(7)
    }
  })

  it('E3: counts and shows no user of another tenant', async () => {
    const [tenant, other] = [await newTenant({ users: 2 }), await newTenant({ users: 3 })]
    const listed = idsOf(await page(tenant))
    expect([listed.length, await total(tenant), await total(other)]).toEqual([2, 2, 3])
    expect(idsOf(await page(other)).filter((id) => listed.includes(id))).toEqual([])
  })
})

describe('the kept count of users', () => {
  it('is right after every change, also those that are refused or come together', async () => {
    const tenant = await newTenant({ users: 2 })
    const [first = '', second = ''] = idsOf(await page(tenant))
    const post = (userName: string) => tenant.scim('POST', '/Users', { userName })
    await post('user1@example.com')
    await post('no address')
    expect(await total(tenant)).toBe(2)
    await Promise.all(Array.from({ length: 10 }, () => post('twin@example.com')))
    expect(await total(tenant)).toBe(3)
    await Promise.all(Array.from({ length: 5 }, () => tenant.scim('DELETE', `/Users/${first}`)))
    expect(await total(tenant)).toBe(2)
    expect(idsOf(await page(tenant, { startIndex: '1', count: '1' }))).not.toContain(first)
    await tenant.scim('PATCH', `/Users/${second}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path: 'active', value: false }],
    })
    expect(await total(tenant)).toBe(2)
  })

  it('is right for users whom an older version of the service adds and removes', async () => {
    const tenant = await newTenant({ users: 1 })
    await addUsers(tenant, 1)
    expect(await total(tenant)).toBe(BLOCKS + 1)
    await env.DB.prepare("DELETE FROM users WHERE tenant_id = ? AND id GLOB '0?000000-*'")
      .bind(tenant.id)
      .run()
    expect(await total(tenant)).toBe(BLOCKS + 1 - 16)
  })

  it('goes with the tenant, and begins anew with it', async () => {
    const tenant = await newTenant({ users: 2 })
    const path = `/tenants/${tenant.id}`
    expect((await operate('DELETE', path)).status).toBe(409)
    expect((await operate('DELETE', `${path}?force=true`)).status).toBe(204)
    const rows = env.DB.prepare('SELECT count(*) AS kept FROM user_counts WHERE tenant_id = ?').bind(
      tenant.id,
    )
    expect(await rows.first('kept')).toBe(0)
  })
})
