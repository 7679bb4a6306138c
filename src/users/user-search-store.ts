import { and, asc, eq, isNotNull, sql } from 'drizzle-orm'
import { UNNUMBERED } from '../audit/event-number.ts'
import { drizzle } from 'drizzle-orm/d1'
import { COUNTER_DIGITS, newEventIdPrefix, type Actor } from '../audit/admin-event.ts'
import { maskAddress } from '../audit/admin-event-store.ts'
import { adminEvents, jsonEach, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import { totalOf } from './user-count-store.ts'
import type { User } from './user-store.ts'

/** The statements by which administrators find users, and keep the list of those at high risk. */

/** Users of a tenant whose addresses a search for a part of one reads through: no index serves it. */
export const SEARCHED_USERS_MAX = 200_000

/** Users that the list of high risk shows: some 1.5 MB of an answer, which has no pages. */
const HIGH_RISK_USERS_MAX = 10_000

export type Found = { tag: 'found'; total: number; page: User[] } | { tag: 'too-many'; users: number }

/**
 * A page of the users whose canonical address contains the text, in the order of their addresses, and how many
 * there are.
 */
export async function findByPartOfAddress(
  { db, tenantId }: TenantScope,
  part: string,
  { offset, limit }: { offset: number; limit: number },
): Promise<Found> {
  const orm = drizzle(db)
  const counted = sql`(SELECT coalesce(sum(users), 0) FROM user_counts WHERE tenant_id = ${tenantId})`
  // Of a tenant with too many users none is read.
  const isMatch = and(
    sql`${users.tenantId} = (SELECT ${tenantId} WHERE ${counted} <= ${SEARCHED_USERS_MAX})`,
    sql`instr(${users.emailKey}, ${part}) > 0`,
  )
  const [[all], [matching], page] = await orm.batch([
    totalOf(orm, tenantId),
    orm
      .select({ total: sql<number>`count(*)` })
      .from(users)
      .where(isMatch),
    orm.select().from(users).where(isMatch).orderBy(asc(users.emailKey)).limit(limit).offset(offset),
  ])
  const known = all?.total ?? 0
  if (known > SEARCHED_USERS_MAX) return { tag: 'too-many', users: known }
  return { tag: 'found', total: matching?.total ?? 0, page }
}

/** The user with this canonical address or user name. */
export function findOne(
  { db, tenantId }: TenantScope,
  column: 'emailKey' | 'userNameKey',
  value: string,
): Promise<User | undefined> {
  return drizzle(db)
    .select()
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users[column], value)))
    .get()
}

/** Those at high risk, in the order of their ids, up to {@link HIGH_RISK_USERS_MAX}. */
export function listHighRisk({ db, tenantId }: TenantScope) {
  return drizzle(db)
    .select({ id: users.id, email: users.email, userName: users.userName })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), isNotNull(users.highRiskAt)))
    .orderBy(asc(users.id))
    .limit(HIGH_RISK_USERS_MAX)
}

/**
 * Puts users on the list of those at high risk, or takes them off it.
 *
 * @returns the ids of those who are there, whether it changed anything for them or not.
 */
export async function changeHighRisk(
  { db, tenantId, now }: TenantScope,
  { accessId, sourceIp, requestId }: Actor,
  { ids, isAtRisk }: { ids: readonly string[]; isAtRisk: boolean },
): Promise<string[]> {
  const orm = drizzle(db)
  const entries = jsonEach(JSON.stringify(ids))
  const row = {
    tenantId: sql`${tenantId}`,
    id: sql`${newEventIdPrefix(now)} || printf(${`%0${COUNTER_DIGITS}x`}, entry.key)`,
    occurredAt: now,
    accessId: sql`${accessId}`,
    action: isAtRisk ? sql`'user.high-risk.add'` : sql`'user.high-risk.remove'`,
    mode: null,
    userId: users.id,
    target: maskAddress(sql`${users.emailKey}`),
    result: sql`'done'`,
    sourceIp: sql`${sourceIp}`,
    requestId: sql`${requestId}`,
    channel: null,
    destination: null,
    reason: null,
    ...UNNUMBERED,
  }
  const source = sql`FROM ${entries} entry CROSS JOIN ${users}
    ON ${users.tenantId} = ${tenantId} AND ${users.id} = entry.value`
  const isAmong = sql`${users.id} IN (SELECT value FROM ${entries})`
  const [, changed] = await orm.batch([
    orm.insert(adminEvents).select(selectRow(adminEvents, row, source)),
    orm
      .update(users)
      .set({ highRiskAt: isAtRisk ? sql`coalesce(${users.highRiskAt}, ${now})` : null })
      .where(and(eq(users.tenantId, tenantId), isAmong))
      .returning({ id: users.id }),
  ])
  return changed.map(({ id }) => id)
}
