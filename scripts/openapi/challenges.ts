import * as v from 'valibot'
import { LOGIN_RESPONSE_TYPES } from '../../src/api/password/media-types.ts'
import { named } from './json-schema.ts'
import { answer, json, type Operations, type Who } from './operation.ts'
import { text } from './shared-schemas.ts'

/** Challenge questions, which a tenant may ask beside a code. */

const USER_ID = '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59.acme'
const CODE = 'com.soa.challenge.question.color'

const challenge = named(
  'Challenge',
  v.object({
    UserID: text('The id of the user, with the tenant behind it.', USER_ID),
    ChallengeCode: text('The code of the question.', CODE),
    ChallengeQuestion: v.optional(
      text('The question; not there where the tenant has taken it off its list.'),
    ),
  }),
)
const CHALLENGE = { UserID: USER_ID, ChallengeCode: CODE, ChallengeQuestion: 'What is your favorite color?' }

/** What a right code is answered by where its holder is to be asked. */
export const asked = v.object({ UserIdentificationChallenge: challenge })
export const ASKED = { UserIdentificationChallenge: CHALLENGE }

/** What was asked, with the answer; ignored where the tenant asks nothing. */
export const answered = v.optional(
  v.pipe(
    v.unknown(),
    v.description(
      'What was asked, with `Answer`: `{UserID, ChallengeCode, Answer}`. Ignored where nothing is asked.',
    ),
  ),
)

const entry = v.looseObject({
  ChallengeCode: v.pipe(v.string(), v.minLength(1), v.maxLength(255)),
  Answer: v.pipe(v.string(), v.minLength(1), v.maxLength(2048)),
})
const request = v.union([
  v.looseObject({ UserIdentificationChallenge: v.pipe(v.array(entry), v.maxLength(10)) }),
  v.pipe(v.array(entry), v.maxLength(10)),
])
const list = named('ChallengeList', v.object({ UserIdentificationChallenge: v.array(challenge) }))
const LIST = { UserIdentificationChallenge: [CHALLENGE] }

const may = (permission: Extract<Who, object>['permission']): Who => ({ permission, face: 'admin' })
const COMMON = {
  404: 'User not found.',
  406: `Accept one of: ${LOGIN_RESPONSE_TYPES.join(', ')}.`,
} as const
const mediaTypes = LOGIN_RESPONSE_TYPES
const PATH = '/api/users/:id/challenges'

export const challengeOperations: Operations = {
  [`GET ${PATH}`]: {
    id: 'getChallenges',
    summary: 'Which questions a user has answers to.',
    who: may('users:read'),
    answers: { 200: answer('The questions, never an answer.', list, LIST, { mediaTypes }), ...COMMON },
  },
  [`PUT ${PATH}`]: {
    id: 'putChallenges',
    summary: 'Replaces the answers of a user.',
    description: 'A bare list means the same. An empty one removes all answers.',
    who: may('users:write'),
    body: json(request, { UserIdentificationChallenge: [{ ChallengeCode: CODE, Answer: 'Blue' }] }),
    answers: {
      200: answer('The questions, never an answer.', list, LIST, { mediaTypes }),
      ...COMMON,
      400: {
        list: 'Send a list of UserIdentificationChallenge.',
        code: 'Each ChallengeCode must be one of policy.challenges.questions, and stand once.',
        blank: 'Answer is blank.',
      },
      501: 'This tenant asks no questions: set policy.challenges.questions to a list of {"code", "text"}.',
    },
  },
  [`DELETE ${PATH}`]: {
    id: 'deleteChallenges',
    summary: 'Removes the answers of a user.',
    who: may('users:write'),
    answers: { 204: { what: 'There are none now.' }, 404: COMMON[404], 413: 'The body is over 65536 bytes.' },
  },
}
