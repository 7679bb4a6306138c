import type { Verdict } from '../database/schema.ts'
import type { Question } from '../tenants/challenge-policy.ts'
import { answerDigests, type Answer } from './challenge.ts'
import { codeDigests, normaliseCode } from './code.ts'
import { codeScope, type CodeContext, type VisitorContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { judge, type Presented, type Purpose, type Questioning } from './redeem-store.ts'
import { release, settleRedeemed, type Reservation } from './reservation-store.ts'

/** The rules of a code that a user presents for resetting a password: it is validated or redeemed. */

const MODE = 'PASSWORD_RESET'

/** How long a password hook may take before its reservation lapses by itself. */
export const RESERVATION_MS = 30_000

export type Holder = { userId: string; codeId: string; userName: string; emailAddress: string }

export type RedeemOutcome =
  /** `hasAnswered` says whether there was a question. */
  | ({ tag: 'accepted'; hasAnswered: boolean } & Holder)
  /** The code is right, and this question is to be answered first. `isWrong` says that another answer was wrong. */
  | { tag: 'asked'; userId: string; question: Question; isWrong: boolean }
  | { tag: 'refused'; reason: Exclude<Verdict, 'match' | 'asked'>; lockedUserId: string | undefined }

/**
 * Checks a code and consumes nothing; a wrong one is counted.
 *
 * @param answer to the question that the user was asked before, if any; a wrong one is counted as a wrong code.
 */
export function validateCode(
  context: VisitorContext,
  emailAddress: string,
  presented: string,
  answer?: Answer,
) {
  return present(context, emailAddress, presented, { tag: 'validate' }, answer)
}

/** Redeems a code: of any number of parallel calls with the right one, exactly one is accepted. */
export function redeemCode(
  context: VisitorContext,
  emailAddress: string,
  presented: string,
  answer?: Answer,
) {
  return present(context, emailAddress, presented, { tag: 'redeem' }, answer)
}

/** Keeps a right code for one redeem, until it is settled or {@link RESERVATION_MS} have passed. */
export function reserveCode(
  context: VisitorContext,
  emailAddress: string,
  presented: string,
  reservationId: string,
  answer?: Answer,
) {
  const until = context.now + RESERVATION_MS
  return present(context, emailAddress, presented, { tag: 'reserve', reservationId, until }, answer)
}

/** Ends a reservation: the hook has set the password. Doing it again changes nothing. */
export async function settleReservation(context: CodeContext, reservation: Reservation): Promise<void> {
  await settleRedeemed(codeScope(context, MODE), reservation)
}

/** Ends a reservation: the hook has not set the password, and the code is as it was before. */
export async function releaseReservation(
  context: CodeContext,
  reservation: Reservation,
  reason: string,
): Promise<void> {
  await release(codeScope(context, MODE), reservation, reason)
}

async function present(
  context: VisitorContext,
  emailAddress: string,
  presented: string,
  purpose: Purpose,
  answer: Answer | undefined,
): Promise<RedeemOutcome> {
  const { tenantId, policy, peppers, network, client } = context
  const emailKey = canonicalEmailAddress(emailAddress) ?? ''
  const code = normaliseCode(presented, policy.alphabet)
  const digests = codeDigests(peppers, { tenantId, emailKey, mode: MODE }, code)
  const found = await judge(
    codeScope(context, MODE),
    emailKey,
    digests.map(({ digest }) => digest),
    { network, client },
    purpose,
    questioningOf(context, answer),
  )
  return outcomeOf(found, context.questions)
}

/** Nothing for a tenant that asks nothing: its statements are then those without questions. */
function questioningOf(
  { tenantId, peppers, questions }: VisitorContext,
  answer: Answer | undefined,
): Questioning | undefined {
  if (questions.length === 0) return undefined
  const digests = answer === undefined ? [] : answerDigests(peppers, tenantId, answer)
  return {
    questions: JSON.stringify(questions.map(({ code }) => code)),
    answeredUser: answer?.userId ?? '',
    answeredCode: answer?.challengeCode ?? '',
    answers: `,${digests.map(({ digest }) => digest).join(',')},`,
  }
}

function outcomeOf(found: Presented | undefined, questions: readonly Question[]): RedeemOutcome {
  // A tenant that was deleted a moment ago has no rows, and this isolate may know it for some seconds yet.
  if (found === undefined) return { tag: 'refused', reason: 'unknown', lockedUserId: undefined }
  const { verdict, isLock, userId, codeId, userName, email } = found
  const lockedUserId = isLock ? userId : undefined
  const question = questions.find(({ code }) => code === found.question)
  if (verdict === 'asked' || (verdict === 'wrong-answer' && !isLock)) {
    if (question === undefined) throw new Error('a question was asked that the tenant does not have')
    return { tag: 'asked', userId, question, isWrong: verdict === 'wrong-answer' }
  }
  if (verdict !== 'match') return { tag: 'refused', reason: verdict, lockedUserId }
  if (userName === null || email === null) throw new Error('a code without a holder was accepted')
  const hasAnswered = question !== undefined
  return { tag: 'accepted', hasAnswered, userId, codeId, userName, emailAddress: email }
}
