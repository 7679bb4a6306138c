import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { HASH_SYMBOLS } from '../audit/network-hash.ts'
import { hourOf, recordJudgement } from '../audit/user-event-store.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { resetCodes, users, type Verdict } from '../database/schema.ts'
import {
  codeValues,
  decoyId,
  isKeptLive,
  isLive,
  isNewestLive,
  isReserved,
  type CodeScope,
  type CodeValues,
} from './code-store.ts'

/** The statements that judge a presented code and change its row accordingly. */

/**
 * How many of a code's attempts, and of a user's failures, one client may use up. It takes three clients to lock a
 * code for everybody, and ten to lock a user (F4).
 */
const CLIENT_ATTEMPTS_FRACTION = 1 / 3
const CLIENT_FAILURES_FRACTION = 1 / 10
/** Characters of a client's mark, after which its count is a letter. */
const MARK_LENGTH = HASH_SYMBOLS + 1
const LETTER_BEFORE_A = 64
/** The most attempts that any policy allows. */
const ATTEMPTS_MAX = 10

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
 * @param who the hash of the client's network for the event, and for its own count; null where it has none.
 * @returns nothing where not even the decoy is: the tenant has just been deleted.
 */
export async function judge(
  scope: CodeScope,
  emailKey: string,
  digests: readonly string[],
  { network, client }: { network: string | null; client: string | null },
  purpose: Purpose,
): Promise<Presented | undefined> {
  const values = {
    ...codeValues(scope),
    decoy: decoyId(scope.tenantId),
    hour: hourOf(scope.now),
    emailKey,
    digests: `,${digests.join(',')},`,
    network,
    mark: client === null ? '' : `,${client}`,
    attemptsSpent: spentMark(client, scope.attemptsMax * CLIENT_ATTEMPTS_FRACTION),
    failuresSpent: spentMark(client, scope.failuresMax * CLIENT_FAILURES_FRACTION),
  }
  const [updated] = await run(scope.db, values, purpose)
  const [found] = (updated?.results ?? []) as Row[]
  if (found === undefined) return undefined
  const { verdict, is_lock, user_id: userId, code_id: codeId, user_name: userName, email } = found
  return { verdict, isLock: is_lock === 1, userId, codeId, userName, email }
}

function spentMark(client: string | null, share: number): string {
  // A blank is in no column.
  return client === null ? ' ' : `,${client}${String.fromCharCode(LETTER_BEFORE_A + Math.ceil(share))}`
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
  /** What a client is counted under in the columns of clients; empty for one that is not counted. */
  mark: string
  /** What stands there when the client has used up its share. */
  attemptsSpent: string
  failuresSpent: string
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
  const codeId = sql`iif(${isEqualTo(given, resetCodes.keptDigest)}, ${resetCodes.keptCodeId}, ${resetCodes.codeId})`
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
        codeId: codeId.as('code_id'),
        userName: holder(users.userName).as('user_name'),
        email: holder(users.email).as('email'),
      }),
    recordJudgement(
      orm,
      given,
      matchAction,
      sql`SELECT ${userId} AS user_id, ${codeId} AS code_id, ${resetCodes.verdict} AS verdict,
        ${isLock} AS is_lock FROM ${resetCodes} WHERE ${isHolder}`,
    ),
  ]
}

/*
 * What a presented code changes. All of it is worked out from the row as it was before: whether a code of it is
 * live, reserved by another redeem, and equal to what was presented; and whether the client has used up its share.
 *
 * | live | cut off | equal | reserved | verdict          | attempts | failures | ends                                  |
 * | ---- | ------- | ----- | -------- | ---------------- | -------- | -------- | ------------------------------------- |
 * | yes  | yes     | any   | any      | cut-off          | same     | same     | no                                    |
 * | yes  | no      | yes   | no       | match            | same     | same     | redeem: redeemed, failures 0          |
 * | yes  | no      | yes   | yes      | validate: match  | same     | same     | no                                    |
 * | yes  | no      | yes   | yes      | else: in-use     | same     | same     | no                                    |
 * | yes  | no      | no    | any      | wrong            | + 1      | + 1      | locked, if either count is at its cap |
 * | no   | any     | any   | any      | why it is dead   | + 1      | same     | no                                    |
 *
 * The attempts of a dead code count for nothing: they are written so that every refusal writes the same.
 */

function countedChanges(given: Placeholders<JudgeValues>, isMatch = isRight(given)) {
  const { attemptsMax, failuresMax, now, decoy } = given
  const isWrong = sql`(NOT ${isEqual(given)} AND NOT ${isCutOff(given)} AND ${isLive(given)})`
  const isLock = sql`(${isWrong} AND (${resetCodes.attempts} + 1 >= ${attemptsMax}
    OR ${resetCodes.failures} + 1 >= ${failuresMax}))`
  const userState = selectUser(given, sql`iif(${users.status} = 'enabled', 'none', 'disabled')`)
  return {
    verdict: sql`CASE WHEN ${isMatch} THEN 'match' WHEN ${isRight(given)} THEN 'in-use' WHEN ${isWrong} THEN 'wrong'
      WHEN ${isLive(given)} THEN 'cut-off'
      WHEN ${resetCodes.userId} = ${decoy} THEN coalesce(${userState}, 'unknown')
      WHEN ${resetCodes.codeId} = '' THEN 'none'
      WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
      WHEN ${resetCodes.voidedAt} IS NOT NULL THEN 'voided'
      WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired' ELSE 'locked' END`,
    attempts: sql`${resetCodes.attempts} + NOT (${isRight(given)} OR ${isCutOff(given)} AND ${isLive(given)})`,
    failures: sql`${resetCodes.failures} + ${isWrong}`,
    ...clientCounts(given),
    endedAt: sql`iif(${isLock}, ${now}, ${resetCodes.endedAt})`,
    endedAs: sql`iif(${isLock}, 'locked', ${resetCodes.endedAs})`,
  }
}

/**
 * The counts of the client. Where no code is live they are worked out too, and then cut short or thrown away: what
 * only a live code made SQLite do would take time that tells (N2).
 */
function clientCounts(given: Placeholders<JudgeValues>) {
  const { clientAttempts, clientFailures } = resetCodes
  const isUncounted = sql`(${isRight(given)} OR ${isCutOff(given)})`
  const failures = oneMore(given, clientFailures)
  return {
    clientAttempts: sql`iif(${isUncounted}, ${clientAttempts},
      substr(${oneMore(given, clientAttempts)}, 1, ${sql.raw(String(ATTEMPTS_MAX * (MARK_LENGTH + 1)))}))`,
    clientFailures: sql`iif(${isUncounted}, ${clientFailures},
      iif(${isLive(given)}, ${failures}, iif(${failures} IS NULL, '', ${clientFailures})))`,
  }
}

/** Whether the client has used up its share. What it presents is then not compared, be it right or wrong. */
function isCutOff({ attemptsSpent, failuresSpent }: Placeholders<JudgeValues>): SQL {
  return sql`(instr(${resetCodes.clientAttempts}, ${attemptsSpent})
    OR instr(${resetCodes.clientFailures}, ${failuresSpent}))`
}

/** The counts with one more of this client. Text, of which SQLite finds a part as fast as of nothing (N2). */
function oneMore({ mark }: Placeholders<JudgeValues>, counts: SQLWrapper): SQL {
  const letter = sql`substr(${counts}, instr(${counts}, ${mark}) + ${sql.raw(String(MARK_LENGTH))}, 1)`
  return sql`CASE WHEN ${mark} = '' THEN ${counts} WHEN instr(${counts}, ${mark}) = 0 THEN ${counts} || ${mark} || 'A'
    ELSE replace(${counts}, ${mark} || ${letter}, ${mark} || char(unicode(${letter}) + 1)) END`
}

function redeemChanges(given: Placeholders<JudgeValues>) {
  const isMatch = isFreeAndRight(given)
  const counted = countedChanges(given, isMatch)
  return {
    ...counted,
    failures: sql`iif(${isMatch}, 0, ${counted.failures})`,
    clientFailures: sql`iif(${isMatch}, '', ${counted.clientFailures})`,
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
 * Whether it is one of the live codes of the row. Always asked before whether they are live, and without a subquery:
 * what SQLite works out for live codes alone takes time that tells who has one (N2).
 */
function isEqual(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isEqualTo(given, resetCodes.digest)} AND ${isNewestLive(given)}
    OR ${isEqualTo(given, resetCodes.keptDigest)} AND ${isKeptLive(given)})`
}

function isEqualTo({ digests }: Placeholders<JudgeValues>, digest: SQLWrapper): SQL {
  return sql`(instr(${digests}, ',' || ${digest} || ',') > 0)`
}

function isRight(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isEqual(given)} AND NOT ${isCutOff(given)})`
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
