import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { HASH_SYMBOLS } from '../audit/network-hash.ts'
import type { Placeholders } from '../database/prepared-batch.ts'
import { resetCodes, users } from '../database/schema.ts'
import type { Challenge } from './challenge-store.ts'
import {
  epochOf,
  isKeptLive,
  isLive as isLiveOf,
  isNewestLive,
  isOfEpoch,
  isReserved,
  type CodeValues,
} from './code-store.ts'

/** How a presented code is judged, and what that changes of its row: the parts of the statements in redeem-store.ts. */

/** Characters of a client's mark, after which its count is a letter. */
const MARK_LENGTH = HASH_SYMBOLS + 1
/** The most attempts that any policy allows. */
const ATTEMPTS_MAX = 10

/** What a judgement is bound to. */
export type JudgeValues = CodeValues & {
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

/** What an update joins as `known`, so that it looks up once whether all codes have been voided. */
export function selectEpoch({ tenantId, mode }: Placeholders<JudgeValues>): SQL {
  return sql`(SELECT ${epochOf(tenantId, mode)} AS epoch)`
}
const EPOCH = sql.raw('known.epoch')

const isLive = (given: Placeholders<JudgeValues>) => isLiveOf(given, EPOCH)

/** What keeps a right code for one redeem. */
export type Reservation = { reservationId: string; until: number }

/*
 * What a presented code changes. All of it is worked out from the row as it was before: whether a code of it is
 * live, reserved by another redeem, and equal to what was presented; whether the client has used up its share; and,
 * where the holder of a right code is asked a question, what was answered.
 *
 * | live | cut off | equal | answer | reserved | verdict          | attempts | failures | ends                                  |
 * | ---- | ------- | ----- | ------ | -------- | ---------------- | -------- | -------- | ------------------------------------- |
 * | yes  | yes     | any   | any    | any      | cut-off          | same     | same     | no                                    |
 * | yes  | no      | yes   | right  | no       | match            | same     | same     | redeem: redeemed, failures 0          |
 * | yes  | no      | yes   | right  | yes      | validate: match  | same     | same     | no                                    |
 * | yes  | no      | yes   | right  | yes      | else: in-use     | same     | same     | no                                    |
 * | yes  | no      | yes   | none   | any      | asked            | same     | same     | no                                    |
 * | yes  | no      | yes   | wrong  | any      | wrong-answer     | + 1      | + 1      | locked, if either count is at its cap |
 * | yes  | no      | no    | any    | any      | wrong            | + 1      | + 1      | locked, if either count is at its cap |
 * | no   | any     | any   | any    | any      | why it is dead   | + 1      | same     | no                                    |
 *
 * Where nothing is asked, every answer is right. The attempts of a dead code count for nothing: they are written so
 * that every refusal writes the same.
 */

export function validateChanges(given: Placeholders<JudgeValues>, challenge?: Challenge) {
  return countedChanges(given, isAnswered(isRight(given), challenge), challenge)
}

function isAnswered(isRightCode: SQL, challenge: Challenge | undefined): SQL {
  return challenge ? sql`(${isRightCode} AND ${challenge.isRight})` : isRightCode
}

function countedChanges(given: Placeholders<JudgeValues>, isMatch: SQL, challenge: Challenge | undefined) {
  const { attemptsMax, failuresMax, now, decoy } = given
  const isWrongCode = sql`(NOT ${isEqual(given)} AND NOT ${isCutOff(given)} AND ${isLive(given)})`
  const isWrong = challenge ? sql`(${isWrongCode} OR ${challenge.isWrong})` : isWrongCode
  // What is right is no attempt, and what is not compared is none.
  const isUncounted = isCodeRight(given, challenge)
  const isLock = sql`(${isWrong} AND (${resetCodes.attempts} + 1 >= ${attemptsMax}
    OR ${resetCodes.failures} + 1 >= ${failuresMax}))`
  const userState = selectUser(given, sql`iif(${users.status} = 'enabled', 'none', 'disabled')`)
  const asked = challenge
    ? sql`WHEN ${challenge.isWrong} THEN 'wrong-answer' WHEN ${challenge.isOpen} THEN 'asked'`
    : sql``
  return {
    verdict: sql`CASE WHEN ${isMatch} THEN 'match' ${asked} WHEN ${isRight(given)} THEN 'in-use'
      WHEN ${isWrongCode} THEN 'wrong' WHEN ${isLive(given)} THEN 'cut-off'
      WHEN ${resetCodes.userId} = ${decoy} THEN coalesce(${userState}, 'unknown')
      WHEN ${resetCodes.codeId} = '' THEN 'none'
      WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
      WHEN ${resetCodes.voidedAt} IS NOT NULL OR NOT ${isOfEpoch(EPOCH)} THEN 'voided'
      WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired' ELSE 'locked' END`,
    attempts: sql`${resetCodes.attempts} + NOT (${isUncounted} OR ${isCutOff(given)} AND ${isLive(given)})`,
    failures: sql`${resetCodes.failures} + ${isWrong}`,
    ...clientCounts(given, isUncounted),
    endedAt: sql`iif(${isLock}, ${now}, ${resetCodes.endedAt})`,
    endedAs: sql`iif(${isLock}, 'locked', ${resetCodes.endedAs})`,
  }
}

/** A right code that did not come with a wrong answer. */
function isCodeRight(given: Placeholders<JudgeValues>, challenge: Challenge | undefined): SQL {
  return challenge ? sql`(${isRight(given)} AND NOT ${challenge.isWrong})` : isRight(given)
}

/**
 * The counts of the client. Where no code is live they are worked out too, and then cut short or thrown away: what
 * only a live code made SQLite do would take time that tells (N2).
 */
function clientCounts(given: Placeholders<JudgeValues>, isCodeRight: SQL) {
  const { clientAttempts, clientFailures } = resetCodes
  const isUncounted = sql`(${isCodeRight} OR ${isCutOff(given)})`
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

export function redeemChanges(given: Placeholders<JudgeValues>, challenge?: Challenge) {
  const isMatch = isAnswered(isFreeAndRight(given), challenge)
  const counted = countedChanges(given, isMatch, challenge)
  return {
    ...counted,
    failures: sql`iif(${isMatch}, 0, ${counted.failures})`,
    clientFailures: sql`iif(${isMatch}, '', ${counted.clientFailures})`,
    endedAt: sql`iif(${isMatch}, ${given.now}, ${counted.endedAt})`,
    endedAs: sql`iif(${isMatch}, 'redeemed', ${counted.endedAs})`,
  }
}

export function reserveChanges(given: Placeholders<JudgeValues & Reservation>, challenge?: Challenge) {
  const isMatch = isAnswered(isFreeAndRight(given), challenge)
  const { reservationId, until } = given
  return {
    ...countedChanges(given, isMatch, challenge),
    reservationId: sql`iif(${isMatch}, ${reservationId}, ${resetCodes.reservationId})`,
    reservedUntil: sql`iif(${isMatch}, ${until}, ${resetCodes.reservedUntil})`,
  }
}

/**
 * Whether it is one of the live codes of the row. Always asked before whether they are live, and without a subquery:
 * what SQLite works out for live codes alone takes time that tells who has one (N2).
 */
function isEqual(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isEqualTo(given, resetCodes.digest)} AND ${isNewestLive(given, EPOCH)}
    OR ${isEqualTo(given, resetCodes.keptDigest)} AND ${isKeptLive(given, EPOCH)})`
}

export function isEqualTo({ digests }: Placeholders<JudgeValues>, digest: SQLWrapper): SQL {
  return sql`(instr(${digests}, ',' || ${digest} || ',') > 0)`
}

export function isRight(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isEqual(given)} AND NOT ${isCutOff(given)})`
}

function isFreeAndRight(given: Placeholders<JudgeValues>): SQL {
  return sql`(${isRight(given)} AND NOT ${isReserved(given)})`
}

/** One value of the user with that address, also where the decoy is judged in the user's place. */
export function selectUser({ tenantId, emailKey }: Placeholders<JudgeValues>, value: SQLWrapper): SQL {
  return sql`(SELECT ${value} FROM ${users} WHERE ${users.tenantId} = ${tenantId}
    AND ${users.emailKey} = ${emailKey})`
}

/** The code row of the enabled user with that address, or the decoy's. */
export function isCodeOfHolder({ tenantId, mode, emailKey, decoy }: Placeholders<JudgeValues>): SQL {
  const holder = sql`SELECT held.user_id FROM ${users} JOIN ${resetCodes} held
    ON held.user_id = ${users.id} AND held.mode = ${mode} AND held.tenant_id = ${tenantId}
    WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} AND ${users.status} = 'enabled'`
  return sql`${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}
    AND ${resetCodes.userId} = coalesce((${holder}), ${decoy})`
}
