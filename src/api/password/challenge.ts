import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ANSWER_LENGTH_MAX, type Answer } from '../../codes/challenge.ts'
import type { RedeemOutcome } from '../../codes/redeem.ts'
import type { VisitorEnv } from '../../http/app-env.ts'
import { isRecord, ownMember } from '../../record.ts'
import { CHALLENGE_CODE_LENGTH_MAX } from '../../tenants/challenge-policy.ts'

/** Challenge questions in the vendor's words. */

/** The vendor's word for a right answer, the only one that it has published. */
const RIGHT_ANSWER = 'user.password.reset.valid.answer'

/** UTF-16 units of a user's id on the wire: a UUID, a dot and a tenant. */
const USER_ID_LENGTH_MAX = 128

/** A user's id as the vendor writes it. */
export function wireUserId(userId: string, tenantId: string): string {
  return `${userId}.${tenantId}`
}

/** The id of a user, with the tenant behind it or without; of another tenant's user it makes nobody's. */
export function userIdOf(wireId: string, tenantId: string): string {
  const tail = `.${tenantId}`
  return wireId.endsWith(tail) ? wireId.slice(0, -tail.length) : wireId
}

/** What a question looks like on the wire. Its text is left out where the tenant has taken it off its list. */
export function challengeOf(
  userId: string,
  tenantId: string,
  { code, text }: { code: string; text: string | undefined },
) {
  return { UserID: wireUserId(userId, tenantId), ChallengeCode: code, ChallengeQuestion: text }
}

/**
 * The answer that a request brings: `UserIdentificationChallenge` with all that was asked. A tenant that asks nothing
 * ignores it, as any unknown member.
 *
 * @throws {HTTPException} 400 for what is no answer.
 */
export function answerOf(c: Context<VisitorEnv>, challenge: unknown): Answer | undefined {
  const { id, policy } = c.get('tenant')
  // Null is what clients write that name every member.
  if (policy.challenges.questions.length === 0 || challenge === undefined || challenge === null) {
    return undefined
  }
  if (!isRecord(challenge)) {
    throw new HTTPException(400, { message: 'UserIdentificationChallenge must be an object.' })
  }
  const text = requireText(challenge, 'Answer', ANSWER_LENGTH_MAX)
  const challengeCode = requireText(challenge, 'ChallengeCode', CHALLENGE_CODE_LENGTH_MAX)
  return { userId: userIdOf(requireText(challenge, 'UserID', USER_ID_LENGTH_MAX), id), challengeCode, text }
}

/** @throws {HTTPException} 400 for a member that is no text, too long, or not to be written as UTF-8. */
export function requireText(record: Record<string, unknown>, name: string, lengthMax: number): string {
  const value = ownMember(record, name)
  const isText = typeof value === 'string' && value !== '' && value.length <= lengthMax
  if (isText && !/\p{Cs}/u.test(value)) return value
  throw new HTTPException(400, {
    message: `${name} of UserIdentificationChallenge is required: a string of at most ${lengthMax} characters.`,
  })
}

/**
 * The answer to a right code whose holder is to be asked a question. It names nobody, so that no client takes it for
 * that to a code that was accepted.
 */
export function askQuestion(
  c: Context<VisitorEnv>,
  { userId, question }: Extract<RedeemOutcome, { tag: 'asked' }>,
  contentType: string,
): Response {
  const challenge = challengeOf(userId, c.get('tenant').id, question)
  return c.json({ UserIdentificationChallenge: challenge }, 200, { 'Content-Type': contentType })
}

/** What an answer says that was accepted: who it is, and that they have answered, if they were asked. */
export function acceptedOf({
  userName,
  emailAddress,
  hasAnswered,
}: Pick<Extract<RedeemOutcome, { tag: 'accepted' }>, 'userName' | 'emailAddress' | 'hasAnswered'>) {
  return { userName, emailAddress, ...(hasAnswered && { resetStatus: RIGHT_ANSWER }) }
}
