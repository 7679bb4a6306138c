import * as v from 'valibot'
import { BASE, may, NO_OBJECT } from './admin-shared.ts'
import { named } from './json-schema.ts'
import { answer, json, type Operations } from './operation.ts'
import { instant, open, text } from './shared-schemas.ts'

/** Live verification of callers to the help desk. */

const verification = named(
  'LiveVerification',
  v.pipe(
    v.object({
      userId: v.string(),
      userEmail: v.string(),
      adminUsername: text(
        'Who verifies, as the caller is told: the description of the key or client.',
        'Help desk',
      ),
      sessionExpiration: v.pipe(
        instant,
        v.description('Until when the caller has time; once verified, until when a code can be issued.'),
      ),
      verifyUrl: text('What the caller opens.', 'https://reset.example.com/v/K7QP-2XWM'),
      verifyStatus: open(
        ['PENDING', 'CODE_SHOWN', 'WRONG_CODE', 'VERIFIED', 'FAILED', 'CANCELED', 'EXPIRED'],
        'What has come of it. `WRONG_CODE` answers digits that were wrong, while there are tries left.',
      ),
      status: open(['ACTIVE', 'ENDED'], 'Whether it waits for the caller, or is good for a code.'),
    }),
    v.description('Who verifies whom, and what has come of it.'),
  ),
)

const verifyCode = named(
  'VerifyCode',
  v.looseObject({
    verifyCode: v.pipe(
      v.string(),
      v.regex(/^(?:[\s-]*\d){6}[\s-]*$/),
      v.description('The six digits that the caller reads out. Spaces and hyphens do not matter.'),
    ),
  }),
)

const VERIFICATION = {
  userId: '3b0d9a4e-5f43-4f6c-9f3d-0a1c7a52b8e1',
  userEmail: 'jane.saoirse@example.com',
  adminUsername: 'Help desk',
  sessionExpiration: '2026-11-26T10:05:00.000Z',
  verifyUrl: 'https://reset.example.com/v/K7QP-2XWM',
  verifyStatus: 'PENDING',
  status: 'ACTIVE',
}

const BUSY = { 409: 'Another administrator is verifying this user.' }
const NONE = { 404: 'There is no verification of this user by you.' }
const who = may('users:verify')

export const verifications: Operations = {
  [`POST ${BASE}/v1/users/{id}/verify/start`]: {
    id: 'startVerification',
    summary: 'Begins to verify that a caller is the user.',
    description:
      'The caller opens `verifyUrl`, shows there who they are as `policy.desk.verification` says, and reads out six ' +
      'digits. They have five minutes. What the same key, client or person has begun before ends.',
    who,
    answers: {
      200: answer('What was begun.', verification, VERIFICATION),
      400: {
        off: 'Live verification is off: policy.desk.verification turns it on.',
        disabled: 'The user is disabled.',
        mail: 'The user has no second address to be verified by.',
        phone: 'The user has no phone number to be verified by.',
      },
      404: 'User not found.',
      ...BUSY,
    },
  },
  [`GET ${BASE}/v1/users/{id}/verify/status`]: {
    id: 'verificationStatus',
    summary: 'The newest verification of a user by whoever asks.',
    who,
    answers: {
      200: answer('What there is of it.', verification, { ...VERIFICATION, verifyStatus: 'CODE_SHOWN' }),
      ...NONE,
      ...BUSY,
    },
  },
  [`POST ${BASE}/v1/users/{id}/verify/code`]: {
    id: 'verifyCaller',
    summary: 'Checks the digits that the caller has read out.',
    description: 'With five wrong tries the verification has failed. What is not six digits is no try.',
    who,
    body: json(verifyCode, { verifyCode: '417093' }),
    answers: {
      200: answer('What has come of it.', verification, {
        ...VERIFICATION,
        sessionExpiration: '2026-11-26T10:17:00.000Z',
        verifyStatus: 'VERIFIED',
      }),
      400: {
        digits: 'verifyCode must be the six digits that the user reads out, as a string.',
        ...NO_OBJECT,
      },
      ...NONE,
      ...BUSY,
    },
  },
  [`POST ${BASE}/v1/users/{id}/verify/cancel`]: {
    id: 'cancelVerification',
    summary: 'Ends a verification, also one that has succeeded and was not used.',
    who,
    answers: {
      200: answer('What there is of it.', verification, {
        ...VERIFICATION,
        verifyStatus: 'CANCELED',
        status: 'ENDED',
      }),
      ...NONE,
      ...BUSY,
    },
  },
}
