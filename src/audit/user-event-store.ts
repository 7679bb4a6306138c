import { sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Scope } from '../codes/code-store.ts'
import { resetCodes, userEvents, users, type UserAction } from '../database/schema.ts'

const HOUR_MS = 3_600_000

/** An event of one user, about one code, redeem or notice. */
export type UserEvent = {
  userId: string
  action: UserAction
  reason?: string
  subjectId: string
  /** When it was asked for, epoch ms. */
  occurredAt: number
}

type EventScope = Pick<Scope, 'db' | 'tenantId' | 'now'>

/**
 * The statement that records an event of its own. The same action on the same subject, asked for at the
 * same instant, is one event however often it is recorded.
 */
export function recordUserEvent({ db, tenantId, now }: EventScope, event: UserEvent) {
  const { userId, action, reason = '', subjectId, occurredAt } = event
  const id = sql`${action} || ':' || ${subjectId}`
  return drizzle(db)
    .insert(userEvents)
    .values({ tenantId, occurredAt, id, userId, action, reason, lastAt: now })
    .onConflictDoNothing()
}

/** The statement that counts an event of nobody known, in one row of its action, reason and hour. */
export function countEventOfNobody(
  { db, tenantId, now }: EventScope,
  { action, reason }: Pick<Required<UserEvent>, 'action' | 'reason'>,
  hour: number,
) {
  const id = sql`${action} || '::' || ${reason}`
  return drizzle(db)
    .insert(userEvents)
    .values({ tenantId, occurredAt: hour, id, userId: null, action, reason, lastAt: now })
    .onConflictDoUpdate(countOnce(now))
}

/**
 * The statement that records how a presented code was judged. Refusals and checks are counted in one
 * row of their user, verdict and hour; a redeem, and the lock that a wrong code brings, are rows of
 * their own.
 *
 * @param judged a SELECT of `user_id`, `code_id`, `verdict` and `is_lock`.
 */
export function recordJudgement(
  { db, tenantId, now }: EventScope,
  matchAction: 'validated' | 'redeemed',
  hour: number,
  judged: SQL,
) {
  const action = sql`CASE WHEN is_lock_row THEN 'locked' WHEN verdict = 'match' THEN ${matchAction} ELSE 'refused' END`
  const isOwnRow = sql`(is_lock_row OR ${matchAction} = 'redeemed' AND verdict = 'match')`
  return drizzle(db)
    .insert(userEvents)
    .select(
      sql`SELECT ${tenantId}, iif(${isOwnRow}, ${now}, ${hour}),
        ${action} || ':' || iif(${isOwnRow}, code_id, coalesce(user_id, '') || ':' || verdict),
        user_id, ${action}, iif(is_lock_row OR verdict = 'match', '', verdict), 1, ${now}
      FROM (${judged}) JOIN (SELECT 0 AS is_lock_row UNION ALL SELECT 1) WHERE is_lock OR NOT is_lock_row`,
    )
    .onConflictDoUpdate(countOnce(now))
}

/** The statement that records that a code is on its way to its user, if it still counts: once per code. */
export function sentEvent({ db, tenantId, mode, now }: Scope, emailKey: string, codeId: string) {
  return drizzle(db)
    .insert(userEvents)
    .select(
      sql`SELECT ${tenantId}, ${resetCodes.issuedAt}, 'sent:' || ${codeId}, ${users.id}, 'sent', '', 1, ${now}
        FROM ${users} JOIN ${resetCodes} ON ${resetCodes.userId} = ${users.id}
          AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}
        WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey}
          AND ${resetCodes.codeId} = ${codeId} AND ${resetCodes.endedAt} IS NULL AND ${resetCodes.voidedAt} IS NULL`,
    )
    .onConflictDoNothing()
}

/** The start of the hour, which counted events are filed under. */
export function hourOf(now: number): number {
  return now - (now % HOUR_MS)
}

/** Counts an event in the row that is there already. */
function countOnce(now: number) {
  return {
    target: [userEvents.tenantId, userEvents.occurredAt, userEvents.id],
    set: { count: sql`${userEvents.count} + 1`, lastAt: now },
  }
}
