import * as v from 'valibot'
import { quarantineSchema } from '../../src/api/operator/void-many.ts'
import { voidSchema } from '../../src/codes/void-request.ts'
import { BASE as ADMIN, may } from './admin-shared.ts'
import { BAD_KEY, IDEMPOTENT, idempotencyKey } from './idempotency.ts'
import { named } from './json-schema.ts'
import { answer, json, type Operations } from './operation.ts'
import { instant, open, text } from './shared-schemas.ts'

/** Voids of many codes, by the admin API and by the operator. */

const voidManyRequest = named('VoidManyRequest', voidSchema)
const count = (what: string) => v.pipe(v.number(), v.integer(), v.minValue(0), v.description(what))

const allVoided = named(
  'AllVoided',
  v.object({
    scope: v.literal('all'),
    voidedAt: v.pipe(instant, v.description('Every code that was issued before this answer is dead.')),
  }),
)
const voidJob = named(
  'VoidJob',
  v.object({
    jobId: text('The id of the void.', '01940000-0000-7000-8000-000000000000'),
    scope: v.optional(v.literal('all')),
    issuedBy: v.optional(v.string()),
    since: v.optional(v.string()),
    until: v.optional(v.string()),
    mode: v.optional(open(['PASSWORD_RESET', 'ENROLLMENT'], 'Both, where there is none.')),
    dryRun: v.pipe(v.boolean(), v.description('Whether codes are counted and none is voided.')),
    state: open(['running', 'done'], 'Whether there is more to do.'),
    done: count('Events that have been looked at.'),
    total: count('Events that there are to look at.'),
    voided: count('Codes that were voided, or would be.'),
    inUse: count('Codes of which a password hook was being asked: should it fail, they are voided.'),
    createdAt: instant,
    endedAt: v.optional(instant),
  }),
)

const REQUEST = { issuedBy: '018f5f0c-2c51-7f0e-8a3c-9a610c1f5a3b', since: '2026-11-26T08:00:00Z' }
const JOB = {
  jobId: '01940000-0000-7000-8000-000000000000',
  ...REQUEST,
  dryRun: false,
  state: 'running',
  done: 2_500,
  total: 12_000,
  voided: 118,
  inUse: 0,
  createdAt: '2026-11-26T10:00:00.000Z',
}
const REFUSALS = {
  form: 'Send either scope "all", or issuedBy, since or until.',
  order: 'since must not be later than until.',
  time: 'since must be a time with its offset, such as 2026-11-26T10:00:00Z.',
}
const NO_TENANT = { tenant: 'There is no such tenant.' }
const NO_VOID = { void: 'There is no such void.' }

const description =
  '`{"scope": "all"}` voids every code that there is, at once and whatever their number. Any other form is worked off ' +
  'in the background, and is answered 202: `issuedBy` (an id as in the log of administrators), `since` and `until`, ' +
  'or some of them together. `mode` narrows any of them; `dryRun` counts, and voids nothing.'

const answers = {
  200: answer('All codes are dead.', allVoided, { scope: 'all', voidedAt: '2026-11-26T10:00:00.000Z' }),
  202: answer('It has begun, or is done already.', voidJob, JOB),
}
const body = json(voidManyRequest, { scope: 'all', dryRun: true })
const job = answer('How far it is.', voidJob, JOB)

export const adminVoids: Operations = {
  [`POST ${ADMIN}/v1/codes/void`]: {
    id: 'voidManyCodes',
    summary: 'Voids all codes of the tenant, or those of an issuer or a time.',
    description: `Ours, not the vendor's. ${description} It costs its key 100 units of \`limits.void\`.`,
    who: may('codes:void-all'),
    headers: [idempotencyKey],
    body,
    answers: {
      200: { ...answers[200], headers: ['Idempotency-Replayed'] },
      202: { ...answers[202], headers: ['Idempotency-Replayed'] },
      400: { ...REFUSALS, ...BAD_KEY },
      ...IDEMPOTENT,
      409: {
        running: IDEMPOTENT[409],
        most: '5 of your voids are not done yet, which is the most. Wait for one of them.',
      },
    },
  },
  [`GET ${ADMIN}/v1/codes/void/:id`]: {
    id: 'getVoid',
    summary: 'How far a void is.',
    who: may('codes:void-all'),
    answers: { 200: job, 404: NO_VOID },
  },
}

const TENANT = '/operator/v1/tenants/:id'

export const operatorVoids: Operations = {
  [`POST ${TENANT}/void`]: {
    id: 'voidCodesOfTenant',
    summary: 'Voids all codes of a tenant, or those of an issuer or a time.',
    description,
    who: 'owner',
    body,
    answers: { ...answers, 400: REFUSALS, 404: NO_TENANT },
  },
  [`GET ${TENANT}/void/:jobId`]: {
    id: 'getVoidOfTenant',
    summary: 'How far a void is.',
    who: 'owner',
    answers: { 200: job, 404: { ...NO_TENANT, ...NO_VOID } },
  },
  [`POST ${TENANT}/keys/:accessId/quarantine`]: {
    id: 'quarantineKey',
    summary: 'Revokes an API key, and voids the codes that it has issued.',
    description:
      'From the answer on the key issues nothing, in no isolate. What it has issued `since` then, or at all, is voided ' +
      'as by `{"issuedBy": ...}`. A key that was revoked before may be quarantined too.',
    who: 'owner',
    body: json(named('QuarantineRequest', quarantineSchema), { since: '2026-11-26T08:00:00Z' }),
    answers: {
      202: answers[202],
      400: { time: REFUSALS.time },
      404: { ...NO_TENANT, key: 'The tenant has no such key.' },
    },
  },
}
