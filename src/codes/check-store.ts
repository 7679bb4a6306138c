import { and, eq, sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { recordJudgement } from '../audit/user-event-store.ts'
import { resetCodes, userEvents, users } from '../schema.ts'
import { isLive, isReserved, standInId, type Scope } from './code-store.ts'

/** The statements that compare a presented code, and what follows from it. */

/** What a right code is wanted for: to be looked at, to be redeemed, or to be kept for a redeem. */
export type Purpose =
  | { tag: 'validate' }
  | { tag: 'redeem' }
  | { tag: 'reserve'; reservationId: string; until: number }

/** A code and its holder as they were when the code was presented. */
export type Presented = {
  result: CheckResult
  /** Whether this wrong code locked the code. */
  isLock: boolean
  userId: string
  codeId: string
  userName: string | null
  email: string | null
}

/** `match`, or the true reason of a refusal. */
export type CheckResult =
  | 'match'
  | 'wrong'
  | 'in-use'
  | 'unknown'
  | 'disabled'
  | 'none'
  | 'expired'
  | 'voided'
  | 'redeemed'
  | 'locked'

/**
 * Compares a presented code and counts it, in one transaction, so that no two guesses are ever judged
 * on the same count. A wrong one costs an attempt and a failure, and locks the code at either cap; a
 * right one costs nothing, and is taken if the purpose says so. Every refusal writes the same rows,
 * whatever its cause: where there is no code, those of the tenant's stand-in.
 */
export async function check(
  scope: Scope,
  emailKey: string,
  digests: readonly string[],
  purpose: Purpose,
): Promise<Presented | undefined> {
  const { db, tenantId, now } = scope
  const verdict = verdictOf(scope, emailKey, digests, purpose)
  const isHolder = isCodeOf(scope, emailKey)
  const userId = sql`coalesce(nullif(${resetCodes.userId}, ${standInId(tenantId)}), ${selectUser(scope, emailKey, sql`${users.id}`)})`
  const judged = sql`SELECT ${userId} AS user_id, ${resetCodes.codeId} AS code_id, ${verdict.result} AS result
    FROM ${resetCodes} WHERE ${isHolder}`
  const orm = drizzle(db)
  const [[found]] = await orm.batch([
    orm
      .select({
        result: verdict.result,
        isLock: sql<number>`${verdict.isLock}`,
        userId: resetCodes.userId,
        codeId: resetCodes.codeId,
        userName: users.userName,
        email: users.email,
      })
      .from(resetCodes)
      .leftJoin(users, and(eq(users.id, resetCodes.userId), eq(users.tenantId, tenantId)))
      .where(isHolder),
    recordJudgement(scope, purpose.tag === 'redeem' ? 'redeemed' : 'validated', judged),
    orm
      .insert(userEvents)
      .select(
        sql`SELECT ${tenantId}, ${now}, 'locked:' || ${resetCodes.codeId}, ${userId}, 'locked', '', 1, ${now}
          FROM ${resetCodes} WHERE ${isHolder} AND ${verdict.isLock}`,
      )
      .onConflictDoNothing(),
    orm
      .update(resetCodes)
      .set(changesOf(scope, purpose, verdict))
      .where(isHolder),
  ])
  return found && { ...found, isLock: found.isLock === 1 }
}

type Verdict = ReturnType<typeof verdictOf>

/** What is true of the row before it is changed. */
function verdictOf(scope: Scope, emailKey: string, digests: readonly string[], purpose: Purpose) {
  const { tenantId, caps, now } = scope
  // No subquery: it would be read for live codes only, and the time that takes tells who has one (N2).
  const isRight = sql`(${isLive(scope)} AND instr(${`,${digests.join(',')},`}, ',' || ${resetCodes.digest} || ','))`
  const isWrong = sql`(${isLive(scope)} AND NOT ${isRight})`
  const isLock = sql`(${isWrong} AND (${resetCodes.attempts} + 1 >= ${caps.attemptsMax}
    OR ${resetCodes.failures} + 1 >= ${caps.failuresMax}))`
  const isMatch = purpose.tag === 'validate' ? isRight : sql`(${isRight} AND NOT ${isReserved(now)})`
  const userState = selectUser(scope, emailKey, sql`iif(${users.status} = 'enabled', 'none', 'disabled')`)
  const result = sql<CheckResult>`CASE WHEN ${isMatch} THEN 'match' WHEN ${isRight} THEN 'in-use'
    WHEN ${isWrong} THEN 'wrong'
    WHEN ${resetCodes.userId} = ${standInId(tenantId)} THEN coalesce(${userState}, 'unknown')
    WHEN ${resetCodes.codeId} = '' THEN 'none'
    WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
    WHEN ${resetCodes.voidedAt} IS NOT NULL THEN 'voided'
    WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired' ELSE 'locked' END`
  return { isRight, isWrong, isLock, isMatch, result }
}

function changesOf({ now }: Scope, purpose: Purpose, { isRight, isWrong, isLock, isMatch }: Verdict) {
  const counted = {
    attempts: sql`${resetCodes.attempts} + NOT ${isRight}`,
    failures: sql`${resetCodes.failures} + ${isWrong}`,
    endedAt: sql`iif(${isLock}, ${now}, ${resetCodes.endedAt})`,
    endedAs: sql`iif(${isLock}, 'locked', ${resetCodes.endedAs})`,
  }
  switch (purpose.tag) {
    case 'validate':
      return counted
    case 'redeem':
      return {
        ...counted,
        failures: sql`iif(${isMatch}, 0, ${counted.failures})`,
        endedAt: sql`iif(${isMatch}, ${now}, ${counted.endedAt})`,
        endedAs: sql`iif(${isMatch}, 'redeemed', ${counted.endedAs})`,
      }
    case 'reserve':
      return {
        ...counted,
        reservationId: sql`iif(${isMatch}, ${purpose.reservationId}, ${resetCodes.reservationId})`,
        reservedUntil: sql`iif(${isMatch}, ${purpose.until}, ${resetCodes.reservedUntil})`,
      }
  }
}

/** One value of the user with that address, also where the stand-in is judged in their place. */
function selectUser({ tenantId }: Scope, emailKey: string, value: SQL): SQL {
  return sql`(SELECT ${value} FROM ${users} WHERE ${users.tenantId} = ${tenantId}
    AND ${users.emailKey} = ${emailKey})`
}

/** The code row of the enabled user with that address, or the stand-in's. */
function isCodeOf({ tenantId, mode }: Scope, emailKey: string): SQL | undefined {
  const holder = sql`SELECT held.user_id FROM ${users} JOIN ${resetCodes} held
    ON held.user_id = ${users.id} AND held.mode = ${mode} AND held.tenant_id = ${tenantId}
    WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} AND ${users.status} = 'enabled'`
  return and(
    eq(resetCodes.tenantId, tenantId),
    eq(resetCodes.mode, mode),
    sql`${resetCodes.userId} = coalesce((${holder}), ${standInId(tenantId)})`,
  )
}
