import { env } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { config } from '../../../src/config.ts'
import { seal } from '../../../src/crypto/seal.ts'
import { page, refusal, type Page } from '../../rig/scim.ts'
import { call, newTenant, NO_LIMITS, type Tenant } from '../../rig/service.ts'

type CursorPage = Page & { nextCursor?: string }
type Query = Record<string, string>

const ask = (tenant: Tenant, query: Query) =>
  tenant.scim('GET', `/Users?${String(new URLSearchParams(query))}`)
const first = (tenant: Tenant, query: Query = {}) =>
  page(tenant, { cursor: '', count: '2', ...query }) as Promise<CursorPage>

/** All users, page by page; `meanwhile` runs after each page. */
async function walk(tenant: Tenant, query: Query, meanwhile?: (nth: number) => Promise<void>) {
  const names: string[] = []
  let cursor: string | undefined = ''
  for (let nth = 0; cursor !== undefined; nth += 1) {
    const found: CursorPage = await page(tenant, { count: '2', ...query, cursor })
    names.push(...found.Resources.map(({ userName }) => userName))
    await meanwhile?.(nth)
    cursor = found.nextCursor
  }
  return names
}

describe('paging by cursor', () => {
  it('goes through all users, and says where it ends', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 7 })
    const one = await first(tenant)
    expect(one).toMatchObject({ totalResults: 7, itemsPerPage: 2, nextCursor: expect.any(String) })
    expect(Object.keys(one)).not.toContain('startIndex')
    for (const count of ['1', '2', '3', '7', '100']) {
      expect((await walk(tenant, { count })).toSorted()).toEqual(tenant.emails.toSorted())
    }
    expect(await first(tenant, { count: '7' })).not.toHaveProperty('nextCursor')
    expect(await page(tenant, { count: '2' })).toMatchObject({ startIndex: 1 })
  })

  it.each<[string, Query]>([
    ['no order', {}],
    ['an order by name', { sortBy: 'userName' }],
    ['a descending order', { sortBy: 'userName', sortOrder: 'descending' }],
    ['an order by what some do not have', { sortBy: 'displayName' }],
    ['a descending order by what some do not have', { sortBy: 'displayName', sortOrder: 'descending' }],
    ['a descending order by id', { sortBy: 'id', sortOrder: 'descending' }],
    ['an order by time', { sortBy: 'meta.created' }],
    ['an order by active', { sortBy: 'active' }],
    ['a filter', { filter: 'userName ew "@example.com"', sortBy: 'emails.value' }],
  ])('L3: with %s repeats and skips nobody, while users come and go', async (_, query) => {
    const tenant = await newTenant({ policy: NO_LIMITS })
    const ids = new Map<string, string>()
    for (let nth = 0; nth < 9; nth += 1) {
      const more = nth % 3 === 0 ? {} : { displayName: `d${nth % 2}`, active: nth % 2 === 0 }
      ids.set(`m${nth}@example.com`, await tenant.addUser(`m${nth}@example.com`, more))
    }
    const stay = [...ids.keys()].filter((name) => name !== 'm4@example.com' && name !== 'm0@example.com')
    const walked = await walk(tenant, query, async (nth) => {
      if (nth > 1) return
      await tenant.addUser(`a${nth}@example.com`, { displayName: 'd0' })
      await tenant.addUser(`z${nth}@example.com`)
      await tenant.scim('DELETE', `/Users/${ids.get(nth === 0 ? 'm4@example.com' : 'm0@example.com')}`)
    })
    expect(new Set(walked).size).toBe(walked.length)
    expect(stay.filter((name) => !walked.includes(name))).toEqual([])
    if (query['sortBy'] === 'userName') {
      const sorted = walked.toSorted()
      expect(walked).toEqual(query['sortOrder'] === 'descending' ? sorted.toReversed() : sorted)
    }
  })

  it('E3: is refused with a cursor of another tenant or query, and with a forged one', async () => {
    const [tenant, other] = [
      await newTenant({ policy: NO_LIMITS, users: 3 }),
      await newTenant({ policy: NO_LIMITS, users: 3 }),
    ]
    const { nextCursor = '' } = await first(tenant)
    const { nextCursor: theirs = '' } = await first(other)
    const keys = config(env).transientKeys
    const held = { tenantId: tenant.id, query: '', until: Date.now() + 1e9, after: { key: '', id: '' } }
    for (const cursor of [
      theirs,
      'x',
      `${nextCursor}x`,
      nextCursor.slice(0, -1),
      nextCursor.split('.').with(3, 'AAAA').join('.'),
      await seal(keys, 'other', held),
      await seal(keys, 'scim-cursor', held),
    ]) {
      expect(await refusal(await ask(tenant, { cursor, count: '2' }))).toBe('400 invalidCursor')
    }
    for (const more of [{ sortBy: 'userName' }, { filter: 'userName pr' }] as Query[]) {
      expect(await refusal(await ask(tenant, { cursor: nextCursor, ...more }))).toBe('400 invalidCursor')
    }
    expect((await ask(tenant, { cursor: nextCursor, count: '1' })).status).toBe(200)
    expect(nextCursor).not.toContain(Buffer.from('user1').toString('base64url'))
  })

  it('is refused when its cursor is over an hour old', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 3 })
    const { nextCursor = '' } = await first(tenant)
    vi.setSystemTime(Date.now() + 3_599_000)
    try {
      expect((await ask(tenant, { cursor: nextCursor, count: '2' })).status).toBe(200)
      vi.setSystemTime(Date.now() + 2_000)
      expect(await refusal(await ask(tenant, { cursor: nextCursor, count: '2' }))).toBe('400 expiredCursor')
    } finally {
      vi.useRealTimers()
    }
  })

  it.each(['0', '-1', '101', 'x', '1.5'])('I1: is refused with a count of %s', async (count) => {
    const tenant = await newTenant({ users: 1 })
    expect(await refusal(await ask(tenant, { cursor: '', count }))).toBe('400 invalidCount')
  })

  it('is there for POST /Users/.search, too', async () => {
    const tenant = await newTenant({ policy: NO_LIMITS, users: 3 })
    const search = async (cursor: string) => {
      const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], cursor, count: 2 }
      const url = `https://${tenant.host}/scim/v2/Users/.search`
      const response = await call(url, { token: await tenant.token('super-admin'), body })
      return response.json<CursorPage>()
    }
    const one = await search('')
    const two = await search(one.nextCursor ?? '')
    expect([one.Resources.length, two.Resources.length, two.nextCursor]).toEqual([2, 1, undefined])
  })
})
