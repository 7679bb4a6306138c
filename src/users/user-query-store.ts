import { and, eq, getTableColumns, sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Orm } from '../database/prepared-batch.ts'
import { userCounts, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { idBehind, totalOf } from './user-count-store.ts'
import { SEARCHED_USERS_MAX } from './user-search-store.ts'
import type { User } from './user-store.ts'

/** The statements that find users by what is known of them, in an order, and page by page. */

/**
 * What users can be asked for, as the statements see it. Texts that are compared without case are in lower case: of
 * ASCII letters alone, so that no look-alike matches.
 */
const ATTRIBUTES = {
  id: sql`${users.id}`,
  userName: sql`${users.userNameKey}`,
  /** The canonical address, which an index serves; see `email` for parts of it. */
  emailKey: sql`${users.emailKey}`,
  /** The address as it is shown, which is the canonical one but for domains outside ASCII. */
  email: sql`iif(instr(${users.emailKey}, 'xn--') = 0, ${users.emailKey}, lower(${users.email}))`,
  active: sql`(${users.status} = 'enabled')`,
  created: sql`${users.createdAt}`,
  lastModified: sql`${users.updatedAt}`,
  // As the index has it.
  externalId: sql`(attributes ->> 'externalId')`,
  displayName: sql`lower(attributes ->> 'displayName')`,
  preferredLanguage: sql`lower(attributes ->> 'preferredLanguage')`,
  formatted: sql`lower(attributes ->> '$.name.formatted')`,
  givenName: sql`lower(attributes ->> '$.name.givenName')`,
  familyName: sql`lower(attributes ->> '$.name.familyName')`,
} as const

export type Attribute = keyof typeof ATTRIBUTES

/** Those of which an index finds a value: each has no more users than share an external id. */
const INDEXED: ReadonlySet<Attribute> = new Set(['id', 'userName', 'emailKey', 'externalId'])
/** Those that a user may be without. */
const OPTIONAL: ReadonlySet<Attribute> = new Set([
  'externalId',
  'displayName',
  'preferredLanguage',
  'formatted',
  'givenName',
  'familyName',
])

export type Operator = 'eq' | 'co' | 'sw' | 'ew' | 'gt' | 'ge' | 'lt' | 'le'

/** What is asked of a user. Of an attribute that a user does not have, nothing but `not` is true. */
export type Condition =
  | { tag: 'all' | 'any'; of: readonly Condition[] }
  | { tag: 'not'; of: Condition }
  | { tag: 'constant'; is: boolean }
  | { tag: 'present'; attribute: Attribute }
  | { tag: 'compare'; attribute: Attribute; operator: Operator; value: string | number }

export type Order = { by: Attribute; descending: boolean }

/** Where the last page ended: the user on it that came last, and what they were sorted by. */
export type Position = { key: string | number; id: string }

/** Which users of all that match: those from an offset on, or those behind a position. */
export type Slice = { limit: number } & ({ offset: number } | { after: Position | undefined })

export type Query = { condition: Condition | undefined; order: Order | undefined; slice: Slice }

/** @param next where the page ends, if there is another. */
export type Found =
  | { tag: 'found'; total: number; page: User[]; next: Position | undefined }
  | { tag: 'too-many'; users: number; most: number }

/** Users of a tenant whose rows one query reads through: 100,000 of them would take a second. */
const READ_USERS_MAX = 10_000

/** Users whom an index may lead to: only an external id may be of many. */
const LED_TO_MAX = 1_000

const { tenantId: _, ...userColumns } = getTableColumns(users)

/** Whether the query has to look at every user of the tenant, since no index serves it. */
export function isScan({ condition, order }: Query): boolean {
  return condition === undefined ? !isById(order) : !isServed(condition)
}

function isById(order: Order | undefined): boolean {
  return order === undefined || (order.by === 'id' && !order.descending)
}

/** Whether indexes lead to all who match: there are few of them then, and they can be sorted by anything. */
function isServed(condition: Condition): boolean {
  switch (condition.tag) {
    case 'all':
      return condition.of.some(isServed)
    case 'any':
      return condition.of.every(isServed)
    case 'compare':
      return condition.operator === 'eq' && INDEXED.has(condition.attribute)
    case 'constant':
      return !condition.is
    case 'not':
    case 'present':
      return false
  }
}

/** How many users a tenant may have for a query that no index serves: more, where an index holds all it looks at. */
function mostUsersFor(query: Query): number {
  const sorts = query.order?.by ?? 'id'
  const isCovered = query.condition
    ? indexOf(query) !== undefined
    : ['id', 'userName', 'emailKey'].includes(sorts)
  return isCovered ? SEARCHED_USERS_MAX : READ_USERS_MAX
}

/**
 * A page of the users who match, and how many match. Where no index serves the query, it is done for tenants of up to
 * so many users alone.
 */
export async function queryUsers({ db, tenantId }: TenantScope, query: Query): Promise<Found> {
  const orm = drizzle(db)
  const isBounded = isScan(query)
  const most = mostUsersFor(query)
  const counted = sql`(SELECT coalesce(sum(users), 0) FROM ${userCounts} WHERE tenant_id = ${tenantId})`
  // Of a tenant with too many users none is read. With a plus, SQLite does not think of the index that finds all users
  // of the tenant, or sorts them.
  const isOurs = isBounded
    ? sql`${users.tenantId} = (SELECT ${tenantId} WHERE ${counted} <= ${most})`
    : query.condition
      ? sql`+tenant_id = ${tenantId}`
      : eq(users.tenantId, tenantId)
  const isMatch = and(isOurs, query.condition && conditionOf(query.condition, tenantId))
  const index = indexOf(query)
  const isLed = query.condition !== undefined && !isBounded
  const rows = sql`(SELECT rowid FROM ${users} ${index} WHERE ${isMatch} LIMIT ${isLed ? LED_TO_MAX + 1 : -1})`
  const [[all], [matching], found] = await orm.batch([
    totalOf(orm, tenantId),
    orm
      .select({ total: sql<number>`count(*)` })
      .from(rows)
      .where(query.condition ? undefined : sql`0`),
    pageOf(orm, tenantId, query, index || isLed ? sql`rowid IN ${rows}` : isMatch),
  ])
  const known = all?.total ?? 0
  if (isBounded && known > most) return { tag: 'too-many', users: known, most }
  if (isLed && (matching?.total ?? 0) > LED_TO_MAX) return { tag: 'too-many', users: known, most: LED_TO_MAX }
  const { limit } = query.slice
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const next = found.length > limit && last ? { key: last.key, id: last.user.id } : undefined
  const total = query.condition ? (matching?.total ?? 0) : known
  return { tag: 'found', total, page: page.map(({ user }) => user), next }
}

/** The index that holds all that a search looks at, where one does: then no row is read that does not match. */
function indexOf({ condition }: Query): SQL | undefined {
  if (condition === undefined || isServed(condition)) return undefined
  const attributes = attributesOf(condition)
  const isOnly = (...names: Attribute[]) => attributes.every((attribute) => names.includes(attribute))
  if (isOnly('userName')) return sql`INDEXED BY users_by_user_name`
  return isOnly('email', 'emailKey') ? sql`INDEXED BY users_by_email` : undefined
}

function attributesOf(condition: Condition): Attribute[] {
  switch (condition.tag) {
    case 'all':
    case 'any':
      return condition.of.flatMap(attributesOf)
    case 'not':
      return attributesOf(condition.of)
    case 'constant':
      return []
    case 'present':
    case 'compare':
      return [condition.attribute]
  }
}

/** The statement of a page: one user more than it holds says that there is another. */
function pageOf(orm: Orm, tenantId: string, query: Query, isMatch: SQL | undefined) {
  const { condition, order, slice } = query
  const { by, descending } = order ?? { by: 'id', descending: false }
  const key = sortKey(by)
  const [isBehind, direction] = descending ? [sql`<`, sql`DESC`] : [sql`>`, sql`ASC`]
  // All users in the order of their ids: the kept counts lead to the first of the page.
  const isCounted = condition === undefined && isById(order)
  // With a plus, users are found first and sorted then.
  const isOrdered = indexOf(query) === undefined && !(condition && isServed(condition))
  const after = 'after' in slice ? slice.after : undefined
  const isInSlice =
    after === undefined
      ? isCounted && 'offset' in slice
        ? sql`${users.id} >= ${idBehind(tenantId, slice.offset)}`
        : undefined
      : by === 'id'
        ? sql`${users.id} ${isBehind} ${after.id}`
        : sql`(${key}, ${users.id}) ${isBehind} (${after.key}, ${after.id})`
  return orm
    .select({ user: userColumns, key: sql<string | number>`${key}`.as('sort_key') })
    .from(users)
    .where(and(isMatch, isInSlice))
    .orderBy(
      ...(by === 'id' ? [] : [sql`${key} ${direction}`]),
      sql`${sql.raw(isOrdered ? '' : '+')}${users.id} ${direction}`,
    )
    .limit(slice.limit + 1)
    .offset('offset' in slice && !isCounted ? slice.offset : 0)
}

/** Whoever has nothing to be sorted by comes last, or first where the order descends (RFC 7644 §3.4.2.3). */
function sortKey(attribute: Attribute): SQL {
  const value = ATTRIBUTES[attribute]
  return OPTIONAL.has(attribute) ? sql`coalesce('0' || ${value}, '1')` : value
}

function conditionOf(condition: Condition, tenantId: string): SQL {
  switch (condition.tag) {
    case 'all':
      return joined(condition.of, tenantId, sql` AND `)
    case 'any':
      return joined(condition.of, tenantId, sql` OR `)
    case 'not':
      return sql`NOT coalesce(${conditionOf(condition.of, tenantId)}, 0)`
    case 'constant':
      return sql.raw(condition.is ? '1' : '0')
    case 'present':
      return sql`${ATTRIBUTES[condition.attribute]} <> ''`
    case 'compare':
      return comparison(condition, tenantId)
  }
}

function joined(conditions: readonly Condition[], tenantId: string, word: SQL): SQL {
  return sql`(${sql.join(
    conditions.map((each) => conditionOf(each, tenantId)),
    word,
  )})`
}

const ORDERED = { gt: sql`>`, ge: sql`>=`, lt: sql`<`, le: sql`<=` } as const

/** No pattern is made of the value, so that none of its characters means anything but itself. */
function comparison({ attribute, operator, value }: Condition & { tag: 'compare' }, tenantId: string): SQL {
  const column = ATTRIBUTES[attribute]
  const length = sql.raw(String(Array.from(String(value)).length))
  switch (operator) {
    case 'eq':
      // With the tenant, so that either side of an OR has an index of its own.
      return INDEXED.has(attribute)
        ? sql`(${users.tenantId} = ${tenantId} AND ${column} = ${value})`
        : sql`${column} = ${value}`
    case 'co':
      return sql`instr(${column}, ${value}) > 0`
    case 'sw':
      return INDEXED.has(attribute)
        ? sql`(${column} >= ${value} AND substr(${column}, 1, ${length}) = ${value}
            AND ${column} < ${`${value}\u{10FFFF}`})`
        : sql`substr(${column}, 1, ${length}) = ${value}`
    case 'ew':
      return sql`substr(${column}, length(${column}) - ${length} + 1) = ${value}`
    case 'gt':
    case 'ge':
    case 'lt':
    case 'le':
      return sql`${column} ${ORDERED[operator]} ${value}`
  }
}
