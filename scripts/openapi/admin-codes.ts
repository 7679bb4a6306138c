import * as example from './admin-examples.ts'
import { generateAnswer, generateRequest, voidAnswer, voidRequest } from './admin-schemas.ts'
import { BASE, may, NO_USER, tooMany } from './admin-shared.ts'
import { BAD_KEY, IDEMPOTENT, idempotencyKey } from './idempotency.ts'
import { answer, json, type Operation, type Operations } from './operation.ts'

/** Issuing codes and voiding them. */

function generate(id: string, what: string, mode: string): Operation {
  return {
    id,
    summary: `Issues ${what} codes to 1 to 100 users.`,
    description:
      'An array is answered by an array, and one object by one object. What became of each user is the number in ' +
      '`status`: the HTTP status is 200 even when every user got bad news.',
    who: may('codes'),
    headers: [idempotencyKey],
    body: {
      content: { 'application/json': { schema: generateRequest, examples: example.GENERATE_REQUESTS } },
    },
    answers: {
      200: {
        what: 'One result per user, in their order.',
        schema: generateAnswer,
        examples: example.generated(mode),
        headers: ['Idempotency-Replayed'],
      },
      400: {
        noUsers: 'Send one user object, or an array of 1 to 100 of them.',
        ...NO_USER,
        ...tooMany(101),
        tooManyShown:
          'Number of codes to show or to mail elsewhere (100) in request exceeds maximum allowed (50)',
        nobodyToTell: 'breakGlassReason needs policy.desk.alertEmail and a mailer: somebody has to be told.',
        ...BAD_KEY,
      },
      403: { glass: 'breakGlassReason is for super-admins.' },
      ...IDEMPOTENT,
    },
  }
}

export const codes: Operations = {
  [`POST ${BASE}/v1/users/generateVerifyCode/resetPassword`]: generate(
    'generateResetCodes',
    'password reset',
    'PASSWORD_RESET',
  ),
  [`POST ${BASE}/v1/users/generateVerifyCode/enroll`]: generate(
    'generateEnrollmentCodes',
    'enrolment',
    'ENROLLMENT',
  ),
  [`POST ${BASE}/v1/users/voidVerifyCode`]: {
    id: 'voidCodes',
    summary: 'Voids the live codes of 1 to 100 users.',
    who: may('codes'),
    headers: [idempotencyKey],
    body: json(voidRequest, example.VOID_REQUEST),
    answers: {
      200: answer('One result per address, in their order.', voidAnswer, example.VOIDED, {
        headers: ['Idempotency-Replayed'],
      }),
      400: {
        notObject: 'Send an object with code_generation_mode and user_emails.',
        notAList: 'user_emails must be a list of 1 to 100 e-mail addresses.',
        differ: 'user_emails and userEmails differ: send one of them.',
        mode: 'code_generation_mode must be PASSWORD_RESET or ENROLLMENT, in one spelling of the member.',
        ...NO_USER,
        ...tooMany(101),
        ...BAD_KEY,
      },
      ...IDEMPOTENT,
    },
  },
}
