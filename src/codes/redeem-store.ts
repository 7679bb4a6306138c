import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { hourOf, recordJudgement } from '../audit/user-event-store.ts'
import { CompiledBatch, slot } from '../database/prepared-batch.ts'
import { resetCodes, users, type Verdict } from '../database/schema.ts'
import { isLive, isReserved, SCOPE_SLOTS, scopeValues, standInId, type Scope } from './code-store.ts'

/** The statements that compare a presented code, and what follows from it. */

/** What a right code is wanted for: to be looked at, to be redeemed, or to be kept for a redeem. */
export type Purpose =
  | { tag: 'validate' }
  | { tag: 'redeem' }
  | { tag: 'reserve'; reservationId: string; until: number }

/** A code and its holder as they were when the code was presented. */
export type Presented = {
  verdict: Verdict
  /** Whether this wrong code locked the code. */
  isLock: boolean
  userId: string
  codeId: string
  userName: string | null
  email: string | null
}

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
  const [updated] = await STATEMENTS[purpose.tag].run(scope.db, {
    ...scopeValues(scope),
    ...purpose,
    standIn: standInId(scope.tenantId),
    hour: hourOf(scope.now),
    emailKey,
    digests: `,${digests.join(',')},`,
  })
  const [found] = (updated?.results ?? []) as Row[]
  if (found === undefined) return undefined
  const { verdict, is_lock, user_id: userId, code_id: codeId, user_name: userName, email } = found
  return { verdict, isLock: is_lock === 1, userId, codeId, userName, email }
}

type Row = {
  verdict: Verdict
  is_lock: number
  user_id: string
  code_id: string
  user_name: string | null
  email: string | null
}

const STATEMENTS = {
  validate: new CompiledBatch(() => build('validate')),
  redeem: new CompiledBatch(() => build('redeem')),
  reserve: new CompiledBatch(() => build('reserve')),
}

const SLOTS = {
  ...SCOPE_SLOTS,
  standIn: slot<string>('standIn'),
  hour: slot<number>('hour'),
  emailKey: slot<string>('emailKey'),
  digests: slot<string>('digests'),
  reservationId: slot<string>('reservationId'),
  until: slot<number>('until'),
}

function build(purpose: Purpose['tag']) {
  const { db, tenantId, now, hour, standIn } = SLOTS
  const isHolder = isCodeOfHolder()
  // Only what was live can be judged wrong, so a wrong one that is locked was locked by it.
  const isLock = sql`(${resetCodes.verdict} = 'wrong' AND ${resetCodes.endedAs} = 'locked')`
  const holder = (column: SQLWrapper) =>
    sql`(SELECT ${column} FROM ${users} WHERE ${users.id} = ${resetCodes.userId} AND ${users.tenantId} = ${tenantId})`
  const userId = sql`coalesce(nullif(${resetCodes.userId}, ${standIn}), ${selectUser(users.id)})`
  return [
    drizzle(db)
      .update(resetCodes)
      .set(changesOf(purpose))
      .where(isHolder)
      .returning({
        verdict: resetCodes.verdict,
        isLock: isLock.as('is_lock'),
        userId: resetCodes.userId,
        codeId: resetCodes.codeId,
        userName: holder(users.userName).as('user_name'),
        email: holder(users.email).as('email'),
      }),
    recordJudgement(
      { db, tenantId, now },
      purpose === 'redeem' ? 'redeemed' : 'validated',
      hour,
      sql`SELECT ${userId} AS user_id, ${resetCodes.codeId} AS code_id, ${resetCodes.verdict} AS verdict,
        ${isLock} AS is_lock FROM ${resetCodes} WHERE ${isHolder}`,
    ),
  ]
}

/** The verdict, and what follows from it; all of it is worked out from the row as it was before. */
function changesOf(purpose: Purpose['tag']) {
  const { caps, now, standIn, digests, reservationId, until } = SLOTS
  // No subquery: it would be read for live codes only, and the time that takes tells who has one (N2).
  const isEqual = sql`instr(${digests}, ',' || ${resetCodes.digest} || ',')`
  const isRight = sql`(${isLive(SLOTS)} AND ${isEqual})`
  const isWrong = sql`(${isLive(SLOTS)} AND NOT ${isEqual})`
  const isLock = sql`(${isWrong} AND (${resetCodes.attempts} + 1 >= ${caps.attemptsMax}
    OR ${resetCodes.failures} + 1 >= ${caps.failuresMax}))`
  const isMatch = purpose === 'validate' ? isRight : sql`(${isRight} AND NOT ${isReserved(now)})`
  const userState = selectUser(sql`iif(${users.status} = 'enabled', 'none', 'disabled')`)
  const counted = {
    verdict: sql`CASE WHEN ${isMatch} THEN 'match' WHEN ${isRight} THEN 'in-use' WHEN ${isWrong} THEN 'wrong'
      WHEN ${resetCodes.userId} = ${standIn} THEN coalesce(${userState}, 'unknown')
      WHEN ${resetCodes.codeId} = '' THEN 'none'
      WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
      WHEN ${resetCodes.voidedAt} IS NOT NULL THEN 'voided'
      WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired' ELSE 'locked' END`,
    attempts: sql`${resetCodes.attempts} + NOT ${isRight}`,
    failures: sql`${resetCodes.failures} + ${isWrong}`,
    endedAt: sql`iif(${isLock}, ${now}, ${resetCodes.endedAt})`,
    endedAs: sql`iif(${isLock}, 'locked', ${resetCodes.endedAs})`,
  }
  switch (purpose) {
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
        reservationId: sql`iif(${isMatch}, ${reservationId}, ${resetCodes.reservationId})`,
        reservedUntil: sql`iif(${isMatch}, ${until}, ${resetCodes.reservedUntil})`,
      }
  }
}

/** One value of the user with that address, also where the stand-in is judged in their place. */
function selectUser(value: SQLWrapper): SQL {
  const { tenantId, emailKey } = SLOTS
  return sql`(SELECT ${value} FROM ${users} WHERE ${users.tenantId} = ${tenantId}
    AND ${users.emailKey} = ${emailKey})`
}

/** The code row of the enabled user with that address, or the stand-in's. */
function isCodeOfHolder(): SQL {
  const { tenantId, mode, emailKey, standIn } = SLOTS
  const holder = sql`SELECT held.user_id FROM ${users} JOIN ${resetCodes} held
    ON held.user_id = ${users.id} AND held.mode = ${mode} AND held.tenant_id = ${tenantId}
    WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} AND ${users.status} = 'enabled'`
  return sql`${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}
    AND ${resetCodes.userId} = coalesce((${holder}), ${standIn})`
}
