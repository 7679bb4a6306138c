import { is, SQL, sql, type Column, type SQLWrapper } from 'drizzle-orm'
import { hourOf, recordJudgement } from '../audit/user-event-store.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { resetCodes, users, type Verdict } from '../database/schema.ts'
import { questionCode, withChallenge, type Challenge, type ChallengeValues } from './challenge-store.ts'
import { codeValues, decoyId, type CodeScope } from './code-store.ts'
import {
  isCodeOfHolder,
  isEqualTo,
  isRight,
  redeemChanges,
  reserveChanges,
  selectEpoch,
  selectUser,
  validateChanges,
  type JudgeValues,
  type Reservation,
} from './judgement-store.ts'

/** The statements that judge a presented code and change its row accordingly. */

/**
 * How many of a code's attempts, and of a user's failures, one client may use up. It takes three clients to lock a
 * code for everybody, and ten to lock a user (F4).
 */
const CLIENT_ATTEMPTS_FRACTION = 1 / 3
const CLIENT_FAILURES_FRACTION = 1 / 10
const LETTER_BEFORE_A = 64

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
  /** The code of the question that was answered right, or is to be answered now; null where none is. */
  question: string | null
}

/** What the holder of the code is asked, and what was answered: for a tenant that asks questions. */
export type Questioning = Omit<ChallengeValues, 'tenantId'>

const NOT_ASKED: Questioning = { questions: '', answeredUser: '', answeredCode: '', answers: '' }

/**
 * Compares a presented code and counts it, in one transaction, so that no two guesses are ever judged
 * on the same count. A wrong one costs an attempt and a failure, and locks the code at either cap; a
 * right one costs nothing, and is taken if the purpose says so. Every refusal writes the same rows,
 * whatever its cause: where there is no code, those of the tenant's decoy.
 *
 * A tenant that asks questions has statements of its own, in which a right code must come with a right answer.
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
  questioning?: Questioning,
): Promise<Presented | undefined> {
  const values = {
    ...codeValues(scope),
    ...(questioning ?? NOT_ASKED),
    decoy: decoyId(scope.tenantId),
    hour: hourOf(scope.now),
    emailKey,
    digests: `,${digests.join(',')},`,
    network,
    mark: client === null ? '' : `,${client}`,
    attemptsSpent: spentMark(client, scope.attemptsMax * CLIENT_ATTEMPTS_FRACTION),
    failuresSpent: spentMark(client, scope.failuresMax * CLIENT_FAILURES_FRACTION),
  }
  const [updated] = await run(questioning ? ASKING : SILENT, scope.db, values, purpose)
  const [found] = (updated?.results ?? []) as Row[]
  if (found === undefined) return undefined
  const { verdict, is_lock, user_id: userId, code_id: codeId, holder, question = null } = found
  const [userName, email] = holder === null ? [null, null] : (JSON.parse(holder) as [string, string])
  return { verdict, isLock: is_lock === 1, userId, codeId, userName, email, question }
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
  /** JSON list of the user's name and address; nothing where the decoy was judged. */
  holder: string | null
  /** Nothing where the tenant asks no questions. */
  question?: string | null
}

type Values = JudgeValues & ChallengeValues
type Changes = Partial<Record<keyof typeof resetCodes.$inferInsert, SQL>>

function run(
  statements: typeof SILENT,
  db: D1Database,
  values: Values,
  purpose: Purpose,
): Promise<D1Result[]> {
  switch (purpose.tag) {
    case 'validate':
      return statements.validate.run(db, values)
    case 'redeem':
      return statements.redeem.run(db, values)
    case 'reserve': {
      const { reservationId, until } = purpose
      return statements.reserve.run(db, { ...values, reservationId, until })
    }
  }
}

const SILENT = newStatements(false)
const ASKING = newStatements(true)

function newStatements(asks: boolean) {
  return {
    validate: new PreparedBatch<Values>((orm, given) =>
      judgement(orm, given, 'validated', (challenge) => validateChanges(given, challenge), asks),
    ),
    redeem: new PreparedBatch<Values>((orm, given) =>
      judgement(orm, given, 'redeemed', (challenge) => redeemChanges(given, challenge), asks),
    ),
    reserve: new PreparedBatch<Values & Reservation>((orm, given) =>
      judgement(orm, given, 'validated', (challenge) => reserveChanges(given, challenge), asks),
    ),
  }
}

/** @param asks whether the holder of a right code is asked a question: else nothing here knows that there are any. */
function judgement(
  orm: Orm,
  given: Placeholders<Values>,
  matchAction: 'validated' | 'redeemed',
  changesFor: (challenge?: Challenge) => Changes,
  asks: boolean,
) {
  const isHolder = isCodeOfHolder(given)
  const event = recordJudged(orm, given, matchAction, isHolder)
  if (!asks) {
    return [updateAtOnce(orm, changesFor(), selectEpoch(given), isHolder, judged(given)), event]
  }
  const { table, challenge } = withChallenge(orm, given, isRight(given), isHolder, selectEpoch(given))
  const update = orm.with(table).update(resetCodes).set(changesFor(challenge)).from(table)
  // Behind the change: what is asked next. Whoever has no right code is asked nothing.
  const question = sql`CASE WHEN ${resetCodes.verdict} IN ('match', 'asked', 'wrong-answer')
    THEN ${questionCode(given)} END`
  return [update.where(isHolder).returning({ ...judged(given), question: question.as('question') }), event]
}

/** Only what was live can be judged wrong, so a wrong one that is locked was locked by it. */
const IS_LOCK = sql`(${resetCodes.verdict} IN ('wrong', 'wrong-answer') AND ${resetCodes.endedAs} = 'locked')`

function presentedCodeId(given: Placeholders<JudgeValues>): SQL {
  return sql`iif(${isEqualTo(given, resetCodes.keptDigest)}, ${resetCodes.keptCodeId}, ${resetCodes.codeId})`
}

/** What is returned of the row that was judged. */
function judged(given: Placeholders<JudgeValues>) {
  const { tenantId } = given
  // One look at the user for both.
  const holder = sql`(SELECT json_array(${users.userName}, ${users.email}) FROM ${users}
    WHERE ${users.id} = ${resetCodes.userId} AND ${users.tenantId} = ${tenantId})`
  return {
    verdict: resetCodes.verdict,
    isLock: IS_LOCK.as('is_lock'),
    userId: resetCodes.userId,
    codeId: presentedCodeId(given).as('code_id'),
    holder: holder.as('holder'),
  }
}

/**
 * An update that works out all columns in one go, from the row as it was and from `known`, which is looked at once.
 * Drizzle has only `UPDATE ... FROM`, which copies the row and finds it again: two rows more to read.
 */
function updateAtOnce(
  orm: Orm,
  changes: Changes,
  known: SQL,
  where: SQL,
  returned: Record<string, Column | SQL.Aliased>,
) {
  const entries = Object.entries(changes) as [keyof Changes, SQL][]
  const columns = entries.map(([name]) => sql.identifier(resetCodes[name].name))
  const values = entries.map(([, value]) => value)
  const list = (parts: SQLWrapper[]) => sql.join(parts, sql`, `)
  const shown = Object.values(returned).map((part) =>
    is(part, SQL.Aliased) ? sql`${part.sql} AS ${sql.identifier(part.fieldAlias)}` : part,
  )
  const text = sql`UPDATE ${resetCodes} SET (${list(columns)}) = (SELECT ${list(values)} FROM ${known} known)
    WHERE ${where} RETURNING ${list(shown)}`
  return { toSQL: () => orm.run(text).getQuery() }
}

function recordJudged(
  orm: Orm,
  given: Placeholders<JudgeValues>,
  matchAction: 'validated' | 'redeemed',
  isHolder: SQL,
) {
  const userId = sql`coalesce(nullif(${resetCodes.userId}, ${given.decoy}), ${selectUser(given, users.id)})`
  return recordJudgement(
    orm,
    given,
    matchAction,
    sql`SELECT ${userId} AS user_id, ${presentedCodeId(given)} AS code_id, ${resetCodes.verdict} AS verdict,
      ${IS_LOCK} AS is_lock FROM ${resetCodes} WHERE ${isHolder}`,
  )
}
