import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ANSWER_LENGTH_MAX, answerDigests, normaliseAnswer } from '../../codes/challenge.ts'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { isRecord, ownMember } from '../../record.ts'
import { CHALLENGE_CODE_LENGTH_MAX } from '../../tenants/challenge-policy.ts'
import { answeredQuestions, putAnswers } from '../../users/challenge-answer-store.ts'
import { challengeOf, requireText, userIdOf } from './challenge.ts'
import { LOGIN_RESPONSE_TYPES } from './media-types.ts'

/** `GET /api/users/{UserID}/challenges`: the questions that a user has answers to, and never an answer. */
export async function getChallenges(c: Context<AdminEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c, LOGIN_RESPONSE_TYPES)
  const codes = await answeredQuestions(tenantScopeOf(c), userIdIn(c))
  if (codes === undefined) throw noSuchUser()
  return answerWith(c, codes, contentType)
}

/** `PUT /api/users/{UserID}/challenges`: replaces the answers of a user. An empty list removes them. */
export async function putChallenges(c: Context<AdminEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c, LOGIN_RESPONSE_TYPES)
  const answers = readAnswers(await readJson(c))
  const [{ id, policy }, userId] = [c.get('tenant'), userIdIn(c)]
  const known = new Set(policy.challenges.questions.map(({ code }) => code))
  if (known.size === 0 && answers.length > 0) {
    throw new HTTPException(501, {
      message:
        'This tenant asks no questions: set policy.challenges.questions to a list of {"code", "text"}.',
    })
  }
  const codes = answers.map(({ challengeCode }) => challengeCode)
  if (!codes.every((code) => known.delete(code))) {
    throw new HTTPException(400, {
      message: 'Each ChallengeCode must be one of policy.challenges.questions, and stand once.',
    })
  }
  const kept = answers.map(({ challengeCode, text }) => {
    const [newest] = answerDigests(config(c.env).peppers, id, { userId, challengeCode, text })
    if (newest === undefined) throw new Error('there is no pepper')
    return { challengeCode, ...newest }
  })
  if (!(await putAnswers(tenantScopeOf(c), actorOf(c), userId, kept))) throw noSuchUser()
  return answerWith(c, codes, contentType)
}

/** `DELETE /api/users/{UserID}/challenges`: removes the answers of a user, who is then asked nothing. */
export async function deleteChallenges(c: Context<AdminEnv>): Promise<Response> {
  if (!(await putAnswers(tenantScopeOf(c), actorOf(c), userIdIn(c), []))) throw noSuchUser()
  return c.body(null, 204)
}

/**
 * A list of answers, bare or under the vendor's name. What they say of the user is not read: the path alone says whose
 * they are, and the vendor's own sample names another user there.
 *
 * @throws {HTTPException} 400 for what is no answer.
 */
function readAnswers(body: unknown): { challengeCode: string; text: string }[] {
  const list = isRecord(body) ? ownMember(body, 'UserIdentificationChallenge') : body
  if (!Array.isArray(list)) {
    throw new HTTPException(400, { message: 'Send a list of UserIdentificationChallenge.' })
  }
  return list.map((entry: unknown) => {
    const challenge = isRecord(entry) ? entry : {}
    const challengeCode = requireText(challenge, 'ChallengeCode', CHALLENGE_CODE_LENGTH_MAX)
    const text = requireText(challenge, 'Answer', ANSWER_LENGTH_MAX)
    if (normaliseAnswer(text) === '') throw new HTTPException(400, { message: 'Answer is blank.' })
    return { challengeCode, text }
  })
}

function answerWith(c: Context<AdminEnv>, codes: readonly string[], contentType: string): Response {
  const { id, policy } = c.get('tenant')
  const texts = new Map(policy.challenges.questions.map(({ code, text }) => [code, text]))
  const userId = userIdIn(c)
  const challenges = codes.map((code) => challengeOf(userId, id, { code, text: texts.get(code) }))
  return c.json({ UserIdentificationChallenge: challenges }, 200, { 'Content-Type': contentType })
}

function userIdIn(c: Context<AdminEnv>): string {
  return userIdOf(c.req.param('id') ?? '', c.get('tenant').id)
}

function noSuchUser(): HTTPException {
  return new HTTPException(404, { message: 'User not found.' })
}
