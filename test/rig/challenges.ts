import { env } from 'cloudflare:workers'
import { VALIDATE } from './presenting.ts'
import { call, expectStatus, newTenant, NO_LIMITS, type Tenant } from './service.ts'
import { from, visit } from './visiting.ts'

/** Tenants that ask questions, users who have answers, and what is presented to them. */

export const COLOR = 'com.soa.challenge.question.color'
export const CITY = 'com.soa.challenge.question.city.birth'
export const PET = 'com.soa.challenge.question.pet'

export const QUESTIONS = [
  { code: COLOR, text: 'What is your favorite color?' },
  { code: CITY, text: 'What is the city of your birth?' },
  { code: PET, text: 'What is the name of your pet?' },
]

export const JANE = 'jane.saoirse@example.com'
const RIGHT: Record<string, string> = { [COLOR]: 'Blue', [CITY]: 'Dubai', [PET]: 'Bucktastic' }

/** All limits out of the way, those of a client too. */
const WIDE = { limits: { ...NO_LIMITS.limits, client: { perMinute: 1_000_000, burst: 100_000 } } }

/** A tenant that asks questions, without users. */
export const newAskingTenant = (policy: object = {}) =>
  newTenant({ policy: { ...WIDE, challenges: { questions: QUESTIONS }, ...policy } })

/** The right answers to the first so many questions. */
export const rightAnswers = (count: number) =>
  QUESTIONS.slice(0, count).map(({ code }) => ({ ChallengeCode: code, Answer: RIGHT[code] }))

/** Jane, who has answers to the first so many questions, and a code. */
export async function newAskedUser(answers: number, policy: object = {}) {
  const tenant = await newAskingTenant(policy)
  const userId = await tenant.addUser(JANE, { userName: 'JaneSaoirse' })
  if (answers > 0) await expectStatus(200, await challenges(tenant, 'PUT', userId, rightAnswers(answers)))
  return { tenant, userId, code: await tenant.newCode(JANE) }
}

/** A call about the answers of a user. */
export async function challenges(
  tenant: Tenant,
  method: string,
  userId: string,
  body?: unknown,
  token?: string,
): Promise<Response> {
  return call(`https://${tenant.host}/api/users/${userId}/challenges`, {
    method,
    token: token ?? (await tenant.token('super-admin')),
    body,
    headers: { 'Content-Type': 'application/json' },
  })
}

type Presented = { email?: string; code: string; challenge?: unknown; address?: string; path?: string }

/** Presents a code as JSON, with an answer or without. */
export function presentJson(
  tenant: Pick<Tenant, 'host'>,
  { email = JANE, code, challenge, address = '203.0.113.1', path = VALIDATE }: Presented,
): Promise<Response> {
  const body = {
    Email: email,
    PasswordResetCode: code,
    NewPassword: 'correct horse battery staple',
    ...(challenge !== undefined && { UserIdentificationChallenge: challenge }),
  }
  return visit(tenant, path, { body, headers: from(address) })
}

/** What a client sends back: the question as it came, with an answer. */
export const answered = (tenant: Tenant, userId: string, code: string, answer = RIGHT[code]) => ({
  UserID: `${userId}.${tenant.id}`,
  ChallengeCode: code,
  ChallengeQuestion: QUESTIONS.find((question) => question.code === code)?.text,
  Answer: answer,
})

/** In one word, what came of it: `accepted`, `refused`, or the code of the question that was asked. */
export async function outcomeOf(answer: Response | Promise<Response>): Promise<string> {
  const response = await answer
  if (response.status === 401) return 'refused'
  const body = await response.json<{
    userName?: string
    UserIdentificationChallenge?: { ChallengeCode: string }
  }>()
  return body.UserIdentificationChallenge?.ChallengeCode ?? (body.userName ? 'accepted' : 'neither')
}

/** The answers of a user as D1 holds them. */
export async function storedAnswers(userId: string) {
  const { results } = await env.DB.prepare(
    'SELECT * FROM challenge_answers WHERE user_id = ? ORDER BY position',
  )
    .bind(userId)
    .all<{
      tenant_id: string
      user_id: string
      position: number
      challenge_code: string
      digest: string
      pepper_id: string
    }>()
  return results
}
