import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { readUserFilter } from '../../../src/api/scim/user-filter.ts'
import { queryUsers, type Query } from '../../../src/users/user-query-store.ts'
import { explainingD1 } from '../../rig/explaining-d1.ts'
import { meteredDb } from '../../rig/metered-d1.ts'
import { page, refusal } from '../../rig/scim.ts'
import { newTenant, NO_LIMITS, type Tenant } from '../../rig/service.ts'

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User'

/** Three users who differ in everything. */
async function newDirectory(): Promise<Tenant> {
  const tenant = await newTenant({ policy: NO_LIMITS })
  await tenant.addUser('Ann@Example.com', {
    userName: 'Ann',
    externalId: 'E1',
    displayName: 'Ann O"Neil 100%',
    preferredLanguage: 'de-CH',
    name: { givenName: 'Ann', familyName: 'ONeil', formatted: 'Ann ONeil' },
  })
  await tenant.addUser('bob@sub.example.org', {
    userName: 'CORP\\bob',
    externalId: 'e1',
    displayName: 'Bob_1',
    name: { familyName: 'Zed' },
    active: false,
  })
  await tenant.addUser('cy@example.com', { userName: 'cy', displayName: '' })
  const time = env.DB.prepare(
    'UPDATE users SET created_at = ?, updated_at = ? WHERE tenant_id = ? AND email_key = ?',
  )
  await env.DB.batch([
    time.bind(Date.UTC(2026, 0, 1), Date.UTC(2026, 5, 1), tenant.id, 'ann@example.com'),
    time.bind(Date.UTC(2026, 1, 1), Date.UTC(2026, 4, 1), tenant.id, 'bob@sub.example.org'),
    time.bind(Date.UTC(2026, 2, 1), Date.UTC(2026, 3, 1, 12, 0, 0, 500), tenant.id, 'cy@example.com'),
  ])
  return tenant
}

const NAMES: Record<string, string> = { Ann: 'A', 'CORP\\bob': 'B', cy: 'C' }
const initials = (users: { userName: string }[]) => users.map(({ userName }) => NAMES[userName] ?? userName)

const tenant = await newDirectory()
const other = await newDirectory()

async function found(filter: string): Promise<string> {
  const { Resources, totalResults } = await page(tenant, { filter })
  expect(totalResults).toBe(Resources.length)
  return initials(Resources).toSorted().join('')
}

describe('a filter', () => {
  it.each([
    // Every operator, on text without case.
    ['userName eq "ANN"', 'A'],
    ['userName ne "ANN"', 'BC'],
    ['displayName co "NEIL"', 'A'],
    ['displayName sw "bob"', 'B'],
    ['userName sw "A"', 'A'],
    ['userName sw "corp\\\\"', 'B'],
    ['emails.value sw "ANN@EX"', 'A'],
    ['emails.value sw "b"', 'B'],
    ['emails.value sw "ann@sub"', ''],
    ['emails.value ew "@example.COM"', 'AC'],
    ['userName ew "y"', 'C'],
    ['userName ew "xcy"', ''],
    ['userName gt "ann"', 'BC'],
    ['userName ge "ANN"', 'ABC'],
    ['userName lt "cy"', 'AB'],
    ['userName le "cy"', 'ABC'],
    ['displayName pr', 'AB'],
    ['not (displayName pr)', 'C'],
    ['externalId pr', 'AB'],
    ['name pr', 'AB'],
    ['meta pr', 'ABC'],
    ['USERNAME EQ "ann"', 'A'],
    ['externalId eq null', 'C'],
    ['externalId ne null', 'AB'],
    // Who does not have the attribute does not have the value.
    ['displayName ne "x"', 'ABC'],
    ['not (name.givenName eq "Ann")', 'BC'],
    ['name.givenName ne "Ann"', 'BC'],
    // Exact ones.
    ['externalId eq "E1"', 'A'],
    ['externalId eq "e1"', 'B'],
    ['externalId sw "e"', 'B'],
    ['externalId co "1"', 'AB'],
    // Wildcards are none, and quotes and backslashes are what they are in JSON.
    ['displayName co "%"', 'A'],
    ['displayName co "_"', 'B'],
    ['displayName co "b*"', ''],
    ['displayName co "O\\"Neil"', 'A'],
    ['displayName co "\\u0042ob"', 'B'],
    ['userName eq "corp\\\\bob"', 'B'],
    ['userName eq "corp\\jane"', ''],
    [`userName eq "' OR 1=1 --"`, ''],
    // Kinds beside text.
    ['active eq true', 'AC'],
    ['active eq "False"', 'B'],
    ['active ne true', 'B'],
    ['active pr', 'ABC'],
    ['meta.created gt "2026-01-15T00:00:00Z"', 'BC'],
    ['meta.created ge "2026-02-01"', 'BC'],
    ['meta.created eq "2026-02-01T01:00:00+01:00"', 'B'],
    ['meta.lastModified lt "2026-05-01T00:00:00Z"', 'C'],
    ['meta.lastModified le "2026-05-01T00:00:00"', 'BC'],
    ['meta.lastmodified eq "2026-04-01T12:00:00.500Z"', 'C'],
    ['meta.resourceType eq "User"', 'ABC'],
    [`schemas eq "${CORE}"`, 'ABC'],
    // Combined, in the order of precedence.
    ['userName eq "ann" or userName eq "cy" and active eq false', 'A'],
    ['(userName eq "ann" or userName eq "cy") and active eq true', 'AC'],
    ['not (userName eq "ann" or active eq false)', 'C'],
    ['userName eq "ann" or userName eq "cy"', 'AC'],
    ['userName eq "ann" and emails.value eq "cy@example.com"', ''],
    // Paths and names.
    ['emails[type eq "work" and value co "@example.com"]', 'AC'],
    ['emails[type eq "home"]', ''],
    ['emails[type eq "work"].value eq "CY@example.com"', 'C'],
    ['emails[primary eq true and not (value ew ".org")]', 'AC'],
    ['emails[type pr]', 'ABC'],
    ['emails co "sub."', 'B'],
    ['name.familyName gt "o"', 'AB'],
    ['name[familyName eq "zed"]', 'B'],
    ['name.formatted eq "ann oneil"', 'A'],
    ['preferredLanguage sw "DE"', 'A'],
    [`${CORE}:name.familyName eq "Zed"`, 'B'],
    [`${CORE.toUpperCase()}:USERNAME eq "cy"`, 'C'],
  ])('%s', async (filter, expected) => {
    expect(await found(filter)).toBe(expected)
  })

  it('E3: finds users of the token alone, whatever it says', async () => {
    const ids = new Set((await page(other)).Resources.map(({ id }) => id))
    for (const filter of [
      'userName pr',
      'userName ne "x" or userName eq "x"',
      'not (id eq "x")',
      'active eq true',
    ]) {
      const { Resources } = await page(tenant, { filter })
      expect(Resources.length).toBeGreaterThan(1)
      expect(Resources.filter(({ id }) => ids.has(id))).toEqual([])
    }
  })

  it.each([
    ['title eq "Dr"', 'title is no'],
    ['__proto__ pr', 'unknown'],
    ['name.constructor eq "x"', 'unknown'],
    ['name eq "x"', 'complex'],
    ['password eq "x"', 'unknown'],
    ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"', 'unknown'],
    ['userName eq 7', 'kind'],
    ['userName co true', 'kind'],
    ['userName co null', 'kind'],
    ['active eq "yes"', 'kind'],
    ['active gt false', 'kind'],
    ['active co "t"', 'kind'],
    ['meta.created co "2026"', 'kind'],
    ['meta.created gt "yesterday"', 'kind'],
    ['meta.created gt "2026-13-01T00:00:00Z"', 'kind'],
    ['userName pr not emails pr', 'parser'],
    ['userName pr constructor emails pr', 'parser'],
    ['userName is "x"', 'operator'],
    ['userName eq "x" and', 'half'],
    ['emails[type eq "work"', 'open'],
    ['emails[emails[value pr]]', 'nested'],
    ['not ('.repeat(11) + 'userName pr' + ')'.repeat(11), 'deep'],
    [Array.from({ length: 21 }, () => 'userName pr').join(' or '), 'many'],
  ])('I1: %s is refused with 400 invalidFilter', async (filter) => {
    const query = String(new URLSearchParams({ filter }))
    expect(await refusal(await tenant.scim('GET', `/Users?${query}`))).toBe('400 invalidFilter')
  })

  it('I1: of the greatest size and depth is answered', async () => {
    for (const one of ['userName eq "ann"', 'emails.value sw "ann@"', 'displayName pr', 'active eq true']) {
      const many = Array.from({ length: 20 }, () => one).join(' or ')
      expect((await page(tenant, { filter: many })).totalResults).toBeGreaterThan(0)
    }
    const deep = `${'not ('.repeat(9)}userName pr${')'.repeat(9)}`
    expect(await page(tenant, { filter: deep })).toMatchObject({ totalResults: 0 })
  })
})

async function plansOf(query: Partial<Query>): Promise<string[]> {
  const { db, plans } = explainingD1()
  const scope = { db, tenantId: tenant.id, now: 0 }
  await queryUsers(scope, {
    condition: undefined,
    order: undefined,
    slice: { offset: 0, limit: 10 },
    ...query,
  })
  return Promise.all(plans)
}

describe('the plan of a query', () => {
  it.each([
    ['id eq "x"', /users_by_id|autoindex_users/],
    ['userName eq "x"', /users_by_user_name \(tenant_id=\? AND user_name_key=\?\)/],
    ['emails.value eq "x@example.com"', /users_by_email \(tenant_id=\? AND email_key=\?\)/],
    ['externalId eq "x"', /users_by_external_id \(tenant_id=\? AND <expr>=\?\)/],
    ['userName eq "x" and active eq true', /users_by_user_name \(tenant_id=\? AND user_name_key=\?\)/],
    ['userName eq "x" or externalId eq "y"', /MULTI-INDEX OR.*users_by_user_name.*users_by_external_id/],
    ['userName sw "x"', /users_by_user_name \(tenant_id=\? AND user_name_key>\? AND user_name_key<\?\)/],
    ['emails.value sw "x"', /users_by_email \(tenant_id=\? AND email_key>\? AND email_key<\?\)/],
    ['externalId sw "x"', /users_by_external_id \(tenant_id=\? AND <expr>>\? AND <expr><\?\)/],
  ])('%s uses its index', async (filter, index) => {
    const plans = await plansOf({ condition: readUserFilter(filter) })
    expect(plans).toHaveLength(3)
    for (const plan of plans.slice(1)) expect(plan).toMatch(index)
  })

  it.each([
    ['userName co "x"', /COVERING INDEX users_by_user_name/],
    ['not (userName ew "x") or userName pr', /COVERING INDEX users_by_user_name/],
    ['emails.value co "x"', /INDEX users_by_email/],
  ])('%s reads through an index, and through no row that does not match', async (filter, index) => {
    for (const plan of (await plansOf({ condition: readUserFilter(filter) })).slice(1))
      expect(plan).toMatch(index)
  })

  it('reads no table of all tenants', async () => {
    for (const filter of ['displayName co "x"', 'not (userName eq "x")', 'meta.created gt "2026-01-01"']) {
      for (const plan of await plansOf({
        condition: readUserFilter(filter),
        order: { by: 'displayName', descending: true },
      })) {
        expect(plan).not.toMatch(/SCAN (?!CONSTANT ROW|\(subquery)/)
        expect(plan).toMatch(/tenant_id=\?/)
      }
    }
  })
})

describe('a query that no index serves', () => {
  /** As many users as the counts say: the counts alone say it. */
  const grow = (id: string, users: number) =>
    env.DB.prepare("INSERT INTO user_counts VALUES (?, '~', ?)").bind(id, users).run()

  it.each<[number, Record<string, string>[]]>([
    [
      10_000,
      [
        { filter: 'displayName pr' },
        { filter: 'active eq true' },
        { filter: 'userName eq "x" or active eq true' },
        { sortBy: 'displayName' },
        { sortBy: 'meta.created' },
      ],
    ],
    [
      200_000,
      [
        { filter: 'userName sw "u"' },
        { filter: 'emails.value co "u"' },
        { sortBy: 'userName' },
        { sortBy: 'id', sortOrder: 'descending' },
      ],
    ],
  ])('L2: is refused with 400 tooMany for a tenant with more than %d users', async (most, scans) => {
    const large = await newTenant({ policy: NO_LIMITS, users: 1 })
    await grow(large.id, most - 1)
    const ask = (query: Record<string, string>) =>
      large.scim('GET', `/Users?${String(new URLSearchParams(query))}`)
    for (const query of scans) expect((await ask(query)).status, JSON.stringify(query)).toBe(200)
    await env.DB.prepare("UPDATE user_counts SET users = ? WHERE tenant_id = ? AND block = '~'")
      .bind(most, large.id)
      .run()
    for (const query of scans)
      expect(await refusal(await ask(query)), JSON.stringify(query)).toBe('400 tooMany')
    const served: Record<string, string>[] = [
      { filter: 'userName eq "user1@example.com" and active eq true' },
      { filter: 'userName eq "user1@example.com" or id eq "x"', sortBy: 'displayName' },
      { filter: 'emails[type eq "work"].value eq "user1@example.com"' },
      {},
      { sortBy: 'id' },
    ]
    for (const query of served) expect((await ask(query)).status, JSON.stringify(query)).toBe(200)
  })

  it('L2: is refused where more than 1,000 users share an external id, and reads no more of them', async () => {
    const large = await newTenant({ policy: NO_LIMITS })
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2999)
       INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at)
       SELECT i || ?1, ?1, i, i, i, i, 'enabled', '{"externalId":"same"}', 0, 0 FROM n`,
    )
      .bind(large.id)
      .run()
    const db = meteredDb()
    const scope = { db: db as unknown as D1Database, tenantId: large.id, now: 0 }
    const slice = { offset: 0, limit: 10 }
    const condition = readUserFilter('externalId eq "same"')
    expect(await queryUsers(scope, { condition, order: undefined, slice })).toMatchObject({
      tag: 'too-many',
      most: 1_000,
    })
    expect(db.rows.reduce((sum, { read }) => sum + read, 0)).toBeLessThan(6_000)
  })

  it('L2: reads no user of such a tenant', async () => {
    const large = await newTenant({ policy: NO_LIMITS })
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299)
       INSERT INTO users (id, tenant_id, email, email_key, user_name, user_name_key, status, attributes, created_at, updated_at)
       SELECT '~' || i || ?1, ?1, i, i, i, i, 'enabled', '{}', 0, 0 FROM n`,
    )
      .bind(large.id)
      .run()
    await env.DB.prepare('UPDATE user_counts SET users = 200001 WHERE tenant_id = ?').bind(large.id).run()
    for (const filter of ['displayName pr', 'userName co "x"', 'emails.value co "x"', 'active eq true']) {
      const db = meteredDb()
      const scope = { db: db as unknown as D1Database, tenantId: large.id, now: 0 }
      const slice = { offset: 0, limit: 10 }
      const found = await queryUsers(scope, { condition: readUserFilter(filter), order: undefined, slice })
      expect(found.tag).toBe('too-many')
      expect(db.rows.reduce((sum, { read }) => sum + read, 0)).toBeLessThan(50)
    }
  })

  it('F2: costs its key more than one that an index serves', async () => {
    const limited = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 100 } } } })
    const ask = async (filter: string) =>
      (await limited.scim('GET', `/Users?${String(new URLSearchParams({ filter }))}`)).status
    expect(await Promise.all(Array.from({ length: 5 }, () => ask('displayName pr')))).toEqual(
      expect.arrayContaining([200, 200, 200, 200, 429]),
    )
    const others = await newTenant({ policy: { limits: { admin: { perMinute: 1, burst: 100 } } } })
    const cheap = `/Users?${String(new URLSearchParams({ filter: 'userName eq "x"' }))}`
    // One after the other: here nothing is to wait for its turn.
    const all: number[] = []
    for (let index = 0; index < 101; index += 1) all.push((await others.scim('GET', cheap)).status)
    expect(all).toEqual([...Array.from({ length: 100 }, () => 200), 429])
  })
})

describe('sorting', () => {
  it.each([
    [{ sortBy: 'userName' }, 'ABC'],
    [{ sortBy: 'USERNAME', sortOrder: 'descending' }, 'CBA'],
    [{ sortBy: `${CORE}:userName`, sortOrder: 'Ascending' }, 'ABC'],
    [{ sortBy: 'emails.value' }, 'ABC'],
    [{ sortBy: 'emails', sortOrder: 'descending' }, 'CBA'],
    [{ sortBy: 'name.familyName' }, 'ABC'],
    // Who has none comes last, or first where the order descends.
    [{ sortBy: 'name.familyName', sortOrder: 'descending' }, 'CBA'],
    [{ sortBy: 'meta.lastModified' }, 'CBA'],
    [{ sortBy: 'meta.created', filter: 'active eq true', sortOrder: 'descending' }, 'CA'],
    [{ sortBy: 'externalId' }, 'ABC'],
    [{ sortBy: 'userName', startIndex: '2', count: '1' }, 'B'],
  ])('by %j', async (query, expected) => {
    expect(initials((await page(tenant, query)).Resources).join('')).toBe(expected)
  })

  it.each([
    { sortBy: 'title' },
    { sortBy: 'name' },
    { sortBy: 'emails.type' },
    { sortBy: 'userName', sortOrder: 'up' },
  ])('I1: by %j is refused', async (query) => {
    const path = `/Users?${String(new URLSearchParams(query))}`
    expect(await refusal(await tenant.scim('GET', path))).toBe('400 invalidValue')
  })
})
