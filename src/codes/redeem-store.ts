import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { hourOf, recordJudgement } from '../audit/user-event-store.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { resetCodes, users, type Verdict } from '../database/schema.ts'
import { codeValues, decoyId, isLive, isReserved, type CodeScope, type CodeValues } from './code-store.ts'

/** The statements that judge a presented code and change its row accordingly. */

/** What happens to a right code: nothing, it is redeemed, or it is kept for one redeem. */
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
  /** Null where the decoy was judged. */
  userName: string | null
  email: string | null
}

/**
 * Compares a presented code and counts it, in one transaction, so that no two guesses are ever judged
 * on the same count. A wrong one costs an attempt and a failure, and locks the code at either cap; a
 * right one costs nothing, and is taken if the purpose says so. Every refusal writes the same rows,
 * whatever its cause: where there is no code, those of the tenant's decoy.
 *
 * @param network the hash of the client's network, for the event.
 * @returns nothing where not even the decoy is: the tenant has just been deleted.
 */
export async function judge(
  scope: CodeScope,
  emailKey: string,
  digests: readonly string[],
  network: string | null,
  purpose: Purpose,
): Promise<Presented | undefined> {
  const values = {
    ...codeValues(scope),
    decoy: decoyId(scope.tenantId),
    hour: hourOf(scope.now),
    emailKey,
    digests: `,${digests.join(',')},`,
    network,
  }
  const [updated] = await run(scope.db, values, purpose)
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

type JudgeValues = CodeValues & {
  decoy: string
  hour: number
  emailKey: string
  digests: string
  network: string | null
}
type ReserveValues = JudgeValues & { reservationId: string; until: number }

function run(db: D1Database, values: JudgeValues, purpose: Purpose): Promise<D1Result[]> {
  switch (purpose.tag) {
    case 'validate':
      return validateStatements.run(db, values)
    case 'redeem':
      return redeemStatements.run(db, values)
    case 'reserve': {
      const { reservationId, until } = purpose
      return reserveStatements.run(db, { ...values, reservationId, until })
    }
  }
}

const validateStatements = new PreparedBatch<JudgeValues>((orm, given) =>
  judgement(orm, given, 'validated', countedChanges(given)),
)
const redeemStatements = new PreparedBatch<JudgeValues>((orm, given) =>
  judgement(orm, given, 'redeemed', redeemChanges(given)),
)
const reserveStatements = new PreparedBatch<ReserveValues>((orm, given) =>
  judgement(orm, given, 'validated', reserveChanges(given)),
)

function judgement(
  orm: Orm,
  given: Placeholders<JudgeValues>,
  matchAction: 'validated' | 'redeemed',
  changes: Partial<Record<keyof typeof resetCodes.$inferInsert, SQL>>,
) {
  const { tenantId, decoy } = given
  const isHolder = isCodeOfHolder(given)
  // Only what was live can be judged wrong, so a wrong one that is locked was locked by it.
  const isLock = sql`(${resetCodes.verdict} = 'wrong' AND ${resetCodes.endedAs} = 'locked')`
  const holder = (column: SQLWrapper) =>
    sql`(SELECT ${column} FROM ${users} WHERE ${users.id} = ${resetCodes.userId} AND ${users.tenantId} = ${tenantId})`
  const userId = sql`coalesce(nullif(${resetCodes.userId}, ${decoy}), ${selectUser(given, users.id)})`
  return [
    orm
      .update(resetCodes)
      .set(changes)
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
      orm,
      given,
      matchAction,
      sql`SELECT ${userId} AS user_id, ${resetCodes.codeId} AS code_id, ${resetCodes.verdict} AS verdict,
        ${isLock} AS is_lock FROM ${resetCodes} WHERE ${isHolder}`,
    ),
  ]
}

/*
 * What a presented code changes. All of it is worked out from the row as it was before, whose code is
 * live or not, reserved by another redeem or not, and equal to what was presented or not:
 *
 * | live | equal | reserved | verdict          | attempts | failures | ends                                   |
 * | ---- | ----- | -------- | ---------------- | -------- | -------- | -------------------------------------- |
 * | yes  | yes   | no       | match            | same     | same     | redeem: redeemed, failures 0           |
 * | yes  | yes   | yes      | validate: match  | same     | same     | no                                     |
 * | yes  | yes   | yes      | else: in-use     | same     | same     | no                                     |
 * | yes  | no    | any      | wrong            | + 1      | + 1      | locked, if either count is at its cap  |
 * | no   | any   | any      | why it is dead   | + 1      | same     | no                                     |
 *
 * The attempts of a dead code count for nothing: they are written so that every refusal writes the same.
 */

function countedChanges(given: Placeholders<JudgeValues>, isMatch = isRight(given)) {
  const { attemptsMax, failuresMax, now, decoy } = given
  const isWrong = sql`(NOT ${isEqual(given)} AND ${isLive(given)})`
  const isLock = sql`(${isWrong} AND (${resetCodes.attempts} + 1 >= ${attemptsMax}
    OR ${resetCodes.failures} + 1 >= ${failuresMax}))`
  const userState = selectUser(given, sql`iif(${users.status} = 'enabled', 'none', 'disabled')`)
  return {
    verdict: sql`CASE WHEN ${isMatch} THEN 'match' WHEN ${isRight(given)} THEN 'in-use' WHEN ${isWrong} THEN 'wrong'
      WHEN ${resetCodes.userId} = ${decoy} THEN coalesce(${userState}, 'unknown')
      WHEN ${resetCodes.codeId} = '' THEN 'none'
      WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
      WHEN ${resetCodes.voidedAt} IS NOT NULL THEN 'voided'
      WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired' ELSE 'locked' END`,
    attempts: sql`${resetCodes.attempts} + NOT ${isRight(given)}`,
    failures: sql`${resetCodes.failures} + ${isWrong}`,
    endedAt: sql`iif(${isLock}, ${now}, ${resetCodes.endedAt})`,
    endedAs: sql`iif(${isLock}, 'locked', ${resetCodes.endedAs})`,
  }
}

function redeemChanges(given: Placeholders<JudgeValues>) {
  const isMatch = isFreeAndRight(given)
  const counted = countedChanges(given, isMatch)
  return {
    ...counted,
    failures: sql`iif(${isMatch}, 0, ${counted.failures})`,
    endedAt: sql`iif(${isMatch}, ${given.now}, ${counted.endedAt})`,
    endedAs: sql`iif(${isMatch}, 'redeemed', ${counted.endedAs})`,
  }
}

function reserveChanges(given: Placeholders<ReserveValues>) {
  const isMatch = isFreeAndRight(given)
  const { reservationId, until } = given
  return {
    ...countedChanges(given, isMatch),
    reservationId: sql`iif(${isMatch}, ${reservationId}, ${resetCodes.reservationId})`,
    reservedUntil: sql`iif(${isMatch}, ${until}, ${resetCodes.reservedUntil})`,
  }
}

/**
 * Always asked before whether the code is live, and without a subquery: what SQLite works out for live codes
 * alone takes time that tells who has one (N2).
 */
function isEqual({ digests }: Placeholders<JudgeValues>): SQL {
  return sql`instr(${digests}, ',' || ${resetCodes.digest} || ',')`
}

function isRight(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isEqual(given)} AND ${isLive(given)})`
}

function isFreeAndRight(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isRight(given)} AND NOT ${isReserved(given)})`
}

/** One value of the user with that address, also where the decoy is judged in the user's place. */
function selectUser({ tenantId, emailKey }: Placeholders<JudgeValues>, value: SQLWrapper): SQL {
  return sql`(SELECT ${value} FROM ${users} WHERE ${users.tenantId} = ${tenantId}
    AND ${users.emailKey} = ${emailKey})`
}

/** The code row of the enabled user with that address, or the decoy's. */
function isCodeOfHolder({ tenantId, mode, emailKey, decoy }: Placeholders<JudgeValues>): SQL {
  const holder = sql`SELECT held.user_id FROM ${users} JOIN ${resetCodes} held
    ON held.user_id = ${users.id} AND held.mode = ${mode} AND held.tenant_id = ${tenantId}
    WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} AND ${users.status} = 'enabled'`
  return sql`${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}
    AND ${resetCodes.userId} = coalesce((${holder}), ${decoy})`
}
