import * as v from 'valibot'
import { REASON_FORM } from '../../src/codes/reason.ts'
import * as example from './admin-examples.ts'
import { BASE, may, NO_OBJECT, NOT_FOUND } from './admin-shared.ts'
import { generateResult } from './admin-schemas.ts'
import { named } from './json-schema.ts'
import { answer, json, type Operation, type Operations } from './operation.ts'
import { instant } from './shared-schemas.ts'

/** The rules of the help desk. All of it is ours. */

const reason = v.pipe(
  v.string(),
  v.minLength(10),
  v.maxLength(500),
  v.description(`In your words: ${REASON_FORM}.`),
)

const approval = named(
  'Approval',
  v.object({
    id: v.string(),
    userId: v.string(),
    target: v.pipe(v.string(), v.description('The address of the user, masked.')),
    mode: v.picklist(['PASSWORD_RESET', 'ENROLLMENT']),
    channel: v.pipe(
      v.picklist(['DISPLAY', 'EMAIL', 'custom']),
      v.description('Which way the code is to go.'),
    ),
    destination: v.nullable(v.pipe(v.string(), v.description('Whereto it is mailed, masked.'))),
    requestedBy: v.pipe(v.string(), v.description('Who has asked: a key, a client or a person.')),
    requestedByName: v.nullable(v.pipe(v.string(), v.description('The name of a person; others have none.'))),
    requestedAt: instant,
    expiresAt: v.pipe(v.string(), v.description('Until when it can be decided, or collected.')),
    status: v.picklist(['pending', 'approved', 'declined', 'collected', 'expired', 'superseded', 'voided']),
    decidedBy: v.nullable(v.string()),
    decidedAt: v.nullable(v.string()),
  }),
)

const APPROVAL = {
  id: '019abf1c-6c00-7a3e-9c41-5d2f8e7b6a01',
  userId: example.USER.id,
  target: 'j***@example.com',
  mode: 'PASSWORD_RESET' as const,
  channel: 'DISPLAY' as const,
  destination: null,
  requestedBy: 'b0a17b11-26b0-886a-afb9-df060ce7a0d4',
  requestedByName: null,
  requestedAt: '2026-11-26T10:00:00.000Z',
  expiresAt: '2026-11-26T10:30:00.000Z',
  status: 'pending' as const,
  decidedBy: null,
  decidedAt: null,
}

const NO_REQUEST = { 404: 'There is no such request.' }
const ENDED = {
  ended: 'The request is expired.',
  unfit: 'The user cannot get this code any more. Ask for a new one.',
}

function decision(id: string, word: 'approve' | 'decline', status: 'approved' | 'declined'): Operation {
  const decided = { ...APPROVAL, status, decidedBy: 'a colleague', decidedAt: APPROVAL.requestedAt }
  return {
    id,
    summary: `${word === 'approve' ? 'Approves' : 'Declines'} a code that somebody else has asked for.`,
    description: 'Ours. By anybody who may issue codes, but for who has asked. Nobody sees the code by it.',
    who: may('codes'),
    answers: {
      200: answer('The request as it is now.', approval, decided),
      ...NO_REQUEST,
      409: { own: 'Somebody else than who has asked must decide.', ...ENDED },
    },
  }
}

export const desk: Operations = {
  [`GET ${BASE}/v1/approvals`]: {
    id: 'listApprovals',
    summary: 'Codes that wait for a second person, or to be collected: the oldest first, 100 in a page.',
    description: 'Ours.',
    who: may('codes'),
    query: [{ name: 'after', description: 'The `next` of the page before.', schema: v.string() }],
    answers: {
      200: answer(
        'A page of requests.',
        v.object({ approvals: v.array(approval), next: v.nullable(v.string()) }),
        { approvals: [APPROVAL], next: null },
      ),
    },
  },
  [`POST ${BASE}/v1/approvals/:id/approve`]: decision('approveCode', 'approve', 'approved'),
  [`POST ${BASE}/v1/approvals/:id/decline`]: decision('declineCode', 'decline', 'declined'),
  [`POST ${BASE}/v1/approvals/:id/collect`]: {
    id: 'collectCode',
    summary: 'Brings a code that was approved to who has asked for it, once: in the answer, or by mail.',
    description: 'Ours. The answer is what generate would have answered. A lost answer needs a new request.',
    who: may('codes'),
    answers: {
      200: answer(
        'The code, or that its mail is on its way.',
        generateResult,
        example.generated('PASSWORD_RESET').two[0],
      ),
      ...NO_REQUEST,
      409: {
        other: 'Nobody but who has asked can collect the code.',
        undecided: 'Nobody has approved the request yet.',
        ...ENDED,
      },
    },
  },
  [`POST ${BASE}/v1/users/:id/unfreeze`]: {
    id: 'unfreezeUser',
    summary: 'Lets codes be issued again for a user who has reported one.',
    description: 'Ours. The reason stays in the audit. Again, it changes nothing.',
    who: may('desk:override'),
    body: json(v.looseObject({ reason }), { reason: 'Spoke with the user in person.' }),
    answers: {
      200: answer('Whether the user was frozen.', v.object({ id: v.string(), wasFrozen: v.boolean() }), {
        id: example.USER.id,
        wasFrozen: true,
      }),
      400: { reason: `reason must be ${REASON_FORM}.`, ...NO_OBJECT },
      ...NOT_FOUND,
    },
  },
}
