import * as v from 'valibot'
import { BASE, may, NO_OBJECT, NO_USER, NOT_FOUND, tooMany } from './admin-shared.ts'
import { generateStatuses, previewedEntry, voidStatuses } from './admin-schemas.ts'
import { named } from './json-schema.ts'
import { answer, json, type Operations } from './operation.ts'
import { instant, open, openNumbers, text } from './shared-schemas.ts'

/** How codes stand, and what a call would do to them. Ours: the vendor has neither. */

const mode = v.picklist(['PASSWORD_RESET', 'ENROLLMENT'])
const actor = v.nullable(
  v.object({
    id: text('The access ID of the key, or the id of the client or person.'),
    name: v.pipe(v.nullable(v.string()), v.description('Of a person who has signed in to the console.')),
  }),
)

const codeState = named(
  'CodeState',
  v.object({
    mode,
    state: open(
      ['live', 'in-use', 'redeemed', 'voided', 'locked', 'expired'],
      'How it stands. `in-use`: a password hook is being asked with it at this moment.',
    ),
    origin: v.pipe(
      v.nullable(v.picklist(['asked', 'issued'])),
      v.description('Whether its user has asked for it, or an administrator has issued it.'),
    ),
    issuedAt: instant,
    liveUntil: v.pipe(instant, v.description('When it expires, or would have.')),
    attemptsLeft: v.pipe(v.number(), v.integer(), v.minValue(0)),
    issuedBy: v.pipe(actor, v.description('Null where its user has asked for it.')),
    channel: v.pipe(v.nullable(open(['DISPLAY', 'EMAIL', 'custom'], 'Which way it left.'))),
    destination: v.pipe(v.nullable(v.string()), v.description('Whereto it was mailed, masked.')),
    endedAt: v.nullable(instant),
    voidedBy: v.pipe(actor, v.description('Only of one that was voided.')),
  }),
)

const userCodes = v.object({
  userId: v.string(),
  codes: v.pipe(
    v.array(codeState),
    v.description('Of each mode the newest, and one of the other origin that is live beside it.'),
  ),
  frozenUntil: v.pipe(
    v.nullable(instant),
    v.description(
      'Until when no code is made for the user, who has reported one; null where none is frozen.',
    ),
  ),
  selfServiceAttemptsLeft: v.pipe(
    v.number(),
    v.integer(),
    v.minValue(0),
    v.description('Wrong codes until the self-service of the user is locked.'),
  ),
})

const previewRequest = named(
  'PreviewRequest',
  v.object({
    operation: v.picklist(['generate', 'void']),
    code_generation_mode: v.optional(mode),
    codeGenerationMode: v.optional(mode),
    users: v.pipe(
      v.array(previewedEntry),
      v.minLength(1),
      v.maxLength(100),
      v.description('What the call takes: entries of a generate, or addresses of a void.'),
    ),
  }),
)

const previewAnswer = v.object({
  results: v.array(
    v.object({
      status: openNumbers(
        [...new Set([...generateStatuses, ...voidStatuses])],
        'What the call would answer now: see docs/api.md, Per-user status.',
      ),
      errorMessage: v.optional(text('Why nothing would be done.')),
      user_email: v.string(),
      hasLiveCode: v.pipe(v.boolean(), v.description('Whether a live code would end.')),
    }),
  ),
})

const JANE = 'jane.saoirse@example.com'
const STATE = {
  mode: 'PASSWORD_RESET',
  state: 'live',
  origin: 'issued',
  issuedAt: '2026-11-26T10:00:00.000Z',
  liveUntil: '2026-11-26T10:10:00.000Z',
  attemptsLeft: 10,
  issuedBy: { id: 'prs_Zk3bJ9sV1nqYx0uT7hGcLw', name: 'Helen Desk' },
  channel: 'DISPLAY',
  destination: null,
  endedAt: null,
  voidedBy: null,
}

export const codeStates: Operations = {
  [`GET ${BASE}/v1/users/:id/codes`]: {
    id: 'getUserCodes',
    summary: 'How the codes of a user stand, and never a code.',
    who: may('codes'),
    answers: {
      200: answer('The codes.', userCodes, {
        userId: '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59',
        codes: [STATE],
        frozenUntil: null,
        selfServiceAttemptsLeft: 100,
      }),
      ...NOT_FOUND,
    },
  },
  [`POST ${BASE}/v1/codes/preview`]: {
    id: 'previewCodes',
    summary: 'What a generate or a void would do to 1 to 100 users now. Nothing is written.',
    who: may('codes'),
    body: json(previewRequest, {
      operation: 'generate',
      code_generation_mode: 'PASSWORD_RESET',
      users: [{ email: JANE, code_send_to: 'EMAIL' }],
    }),
    answers: {
      200: answer('One result per user, in their order.', previewAnswer, {
        results: [{ status: 1001, user_email: JANE, hasLiveCode: false }],
      }),
      400: {
        operation:
          'Send operation ("generate" or "void"), code_generation_mode, and users: a list of what that call takes.',
        ...NO_OBJECT,
        ...NO_USER,
        ...tooMany(101),
      },
    },
  },
}
