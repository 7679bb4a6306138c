import { sql, type SQL } from 'drizzle-orm'
import type { Orm, Placeholders } from '../database/prepared-batch.ts'
import { challengeAnswers, jsonEach, resetCodes } from '../database/schema.ts'

/**
 * The parts of a judgement that are about the question to whoever presents a right code. They are in the statements of
 * tenants that ask questions, and in no others.
 */

/** What such a judgement is given beside its own values. */
export type ChallengeValues = {
  tenantId: string
  /** JSON list of the codes of the tenant's questions. */
  questions: string
  /** What was answered: by whom, to which question, and the digests, with a comma around each; empty for no answer. */
  answeredUser: string
  answeredCode: string
  answers: string
}

/** Whether the question to the holder of a right code is answered right or wrong, or still to be asked. */
export type Challenge = { isRight: SQL; isWrong: SQL; isOpen: SQL }

type ChallengeGiven = Placeholders<ChallengeValues>

/**
 * The common table expression, of one row, that works out what the question has come to. An update that joins it has
 * it worked out once, before anything is written.
 *
 * Only who has presented a right code makes it look at answers. Everybody else's statement does the same for every
 * user (N2).
 *
 * @param isRightCode asked of the row of `reset_codes` that `isHolder` finds.
 * @param epoch a table of one row, whose `epoch` the update needs beside.
 */
export function withChallenge(orm: Orm, given: ChallengeGiven, isRightCode: SQL, isHolder: SQL, epoch: SQL) {
  const state = sql`CASE WHEN ${isRightCode} THEN coalesce(${ofQuestion(given, judgeAnswer(given))}, 'right') END`
  const judged = orm
    .select({ state: sql`${state}`.as('state'), epoch: sql`known.epoch`.as('epoch') })
    .from(resetCodes)
    .innerJoin(sql`${epoch} known`, sql`1`)
    .where(isHolder)
  const is = (value: string) => sql`(known.state IS ${sql.raw(`'${value}'`)})`
  const challenge: Challenge = { isRight: is('right'), isWrong: is('wrong'), isOpen: is('asked') }
  return { table: orm.$with('known').as(judged), challenge }
}

/**
 * An answer to another question than the user's own of now is not looked at, and costs nothing: or else whoever
 * presents it would choose the question.
 */
function judgeAnswer({ answeredUser, answeredCode, answers }: ChallengeGiven): SQL {
  return sql`CASE WHEN ${resetCodes.userId} <> ${answeredUser} OR challenge_code <> ${answeredCode} THEN 'asked'
    WHEN instr(${answers}, ',' || digest || ',') THEN 'right' ELSE 'wrong' END`
}

/** The code of the question that the user is asked now, for a statement about a row of `reset_codes`. */
export function questionCode(given: ChallengeGiven): SQL {
  return ofQuestion(given, sql`challenge_code`)
}

/**
 * One value of the question that the user is asked now; NULL where they have no answer to any. Each wrong code and each
 * wrong answer is followed by the next question, also across codes, since it is their number that chooses.
 */
function ofQuestion({ tenantId, questions }: ChallengeGiven, value: SQL): SQL {
  const { challengeCode, digest, position, userId } = challengeAnswers
  const asked = sql`SELECT ${challengeCode} AS challenge_code, ${digest} AS digest,
    row_number() OVER (ORDER BY ${position}) - 1 AS nth, count(*) OVER () AS total FROM ${challengeAnswers}
    WHERE ${challengeAnswers.tenantId} = ${tenantId} AND ${userId} = ${resetCodes.userId}
      AND ${challengeCode} IN (SELECT value FROM ${jsonEach(questions)})`
  // In a statement of its own chunk: what Drizzle selects from one table would lose the names of tables.
  return sql`${sql`(SELECT ${value} FROM (${asked}) WHERE nth = ${resetCodes.failures} % total)`}`
}
