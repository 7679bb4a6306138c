import { sql, type SQL } from 'drizzle-orm'
import { UNNUMBERED } from './event-number.ts'
import type { Given, Orm } from '../database/prepared-batch.ts'
import { jsonEach, userEvents, type UserAction } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import { HASH_SYMBOLS } from './network-hash.ts'

const HOUR_MS = 3_600_000

/** How many networks a counted row names. With more of them it ends in `+`, so that no flood makes it grow. */
const NETWORKS_MAX = 8

/** The networks of a row and the one that has come now: each once, in the order in which they first came. */
const NETWORKS_WITH_NEW = sql`CASE WHEN excluded.networks IS NULL THEN ${userEvents.networks}
  WHEN ${userEvents.networks} IS NULL THEN excluded.networks
  WHEN instr(${userEvents.networks}, excluded.networks) OR substr(${userEvents.networks}, -1) = '+'
    THEN ${userEvents.networks}
  WHEN length(${userEvents.networks}) >= ${sql.raw(String(NETWORKS_MAX * (HASH_SYMBOLS + 1) - 1))} THEN ${userEvents.networks} || ' +'
  ELSE ${userEvents.networks} || ' ' || excluded.networks END`

/** An event of one user, about one code, redeem or notice. */
export type UserEvent = {
  userId: string
  action: UserAction
  /** Why, where the action alone does not say; else empty. */
  reason: string
  subjectId: string
  /** When it was asked for, epoch ms. */
  occurredAt: number
}

type EventScope = Given<Pick<TenantScope, 'tenantId' | 'now'>>

/**
 * The statement that records an event of its own. The same action on the same subject, asked for at the
 * same instant, is one event however often it is recorded.
 *
 * @param network the client's network, where a client asked for it; see audit/network-hash.ts.
 */
export function recordUserEvent(
  orm: Orm,
  { tenantId, now }: EventScope,
  event: Given<UserEvent>,
  network: string | null = null,
) {
  const { userId, action, reason, subjectId, occurredAt } = event
  const id = sql`${action} || ':' || ${subjectId}`
  return orm
    .insert(userEvents)
    .values({ tenantId, occurredAt, id, userId, action, reason, lastAt: now, networks: network })
    .onConflictDoNothing()
}

/** Events for a bulk statement: each a list of its user's id or null, action, reason, subject and time. */
export function eventsJson(events: readonly (Omit<UserEvent, 'userId'> & { userId: string | null })[]) {
  const rows = events.map(({ userId, action, reason, subjectId, occurredAt }) => [
    userId,
    action,
    reason,
    subjectId,
    occurredAt,
  ])
  return JSON.stringify(rows)
}

/** The statement that records many events as {@link recordUserEvent} records one. */
export function recordUserEvents(orm: Orm, given: EventScope & Given<{ events: string }>) {
  const id = sql`value->>1 || ':' || (value->>3)`
  return orm
    .insert(userEvents)
    .select(listed(given, { occurredAt: sql`value->>4`, id, userId: sql`value->>0` }))
    .onConflictDoNothing()
}

/** The statement that counts events about no known user, in one row of their action, reason and hour. */
export function countEventsOfNobody(orm: Orm, given: EventScope & Given<{ hour: number; events: string }>) {
  const id = sql`value->>1 || '::' || (value->>2)`
  return orm
    .insert(userEvents)
    .select(listed(given, { occurredAt: given.hour, id, userId: null }))
    .onConflictDoUpdate(countOnce(given.now))
}

/** The rows of a list of events; see {@link eventsJson}. */
function listed(
  { tenantId, now, events }: EventScope & Given<{ events: string }>,
  own: { occurredAt: Given<{ hour: number }>['hour'] | SQL; id: SQL; userId: SQL | null },
) {
  const row = {
    tenantId,
    ...own,
    action: sql`value->>1`,
    reason: sql`value->>2`,
    count: 1,
    lastAt: now,
    networks: null,
    channel: null,
    destination: null,
    ...UNNUMBERED,
  }
  return selectRow(userEvents, row, sql`FROM ${jsonEach(sql`${events}`)} WHERE true`)
}

/**
 * The statement that records how a presented code was judged. What anybody can cause without end is
 * counted in one row of its user, verdict and hour; what happens once is a row of its own.
 *
 * | verdict   | locks the code | rows                                                        |
 * | --------- | -------------- | ----------------------------------------------------------- |
 * | match     | no             | `validated`, counted; or `redeemed`, its own                |
 * | asked     | no             | `asked`, counted                                            |
 * | wrong     | no             | `refused` with reason `wrong`, counted                      |
 * | wrong     | yes            | `refused` with reason `wrong`, counted; and `locked`, its own |
 * | any other | no             | `refused` with the verdict as its reason, counted           |
 *
 * A wrong answer is as a wrong code, with its own reason.
 *
 * @param judged a SELECT of `user_id`, `code_id`, `verdict` and `is_lock`.
 */
export function recordJudgement(
  orm: Orm,
  { tenantId, now, hour, network }: EventScope & Given<{ hour: number; network: string | null }>,
  matchAction: 'validated' | 'redeemed',
  judged: SQL,
) {
  // `is_lock_row` tells the row of the lock from the row of the refusal that brought it.
  const isOwnRow = sql`(is_lock_row OR ${matchAction} = 'redeemed' AND verdict = 'match')`
  const action = sql`CASE WHEN is_lock_row THEN 'locked' WHEN verdict = 'match' THEN ${matchAction}
    WHEN verdict = 'asked' THEN 'asked' ELSE 'refused' END`
  const subject = sql`iif(${isOwnRow}, code_id, coalesce(user_id, '') || ':' || verdict)`
  const row = {
    tenantId,
    occurredAt: sql`iif(${isOwnRow}, ${now}, ${hour})`,
    id: sql`${action} || ':' || ${subject}`,
    userId: sql`user_id`,
    action,
    reason: sql`iif(is_lock_row OR verdict IN ('match', 'asked'), '', verdict)`,
    count: 1,
    lastAt: now,
    networks: network,
    channel: null,
    destination: null,
    ...UNNUMBERED,
  }
  const source = sql`FROM (${judged}) JOIN (SELECT 0 AS is_lock_row UNION ALL SELECT 1)
    WHERE is_lock OR NOT is_lock_row`
  return orm
    .insert(userEvents)
    .select(selectRow(userEvents, row, source))
    .onConflictDoUpdate(countOnce(now))
}

/** The start of the hour, which counted events are filed under. */
export function hourOf(now: number): number {
  return now - (now % HOUR_MS)
}

/** Counts an event in the row that is there already. */
function countOnce(now: EventScope['now']) {
  return {
    target: [userEvents.tenantId, userEvents.occurredAt, userEvents.id],
    set: { count: sql`${userEvents.count} + 1`, lastAt: sql`${now}`, networks: NETWORKS_WITH_NEW },
  }
}
