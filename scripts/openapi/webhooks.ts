import * as v from 'valibot'
import { webhookSchema } from '../../src/api/operator/webhook-request.ts'
import { EVENT_TYPES } from '../../src/webhooks/event-type.ts'
import { named } from './json-schema.ts'
import { answer, json, type Operations, type Parameter } from './operation.ts'
import { wholeNumber } from './parameters.ts'
import { instant, open, text } from './shared-schemas.ts'

/** The webhooks of a tenant. */

const SECRET = text('What calls are signed with, which is shown this once.', 'whsec_...')
const types = v.pipe(v.array(open(EVENT_TYPES, 'A type of event.')), v.description('What it is told of.'))

const members = {
  id: text('The id of the webhook.', 'whk_5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42'),
  url: v.string(),
  events: types,
  description: v.string(),
  enabled: v.boolean(),
  createdAt: instant,
}
const webhook = named(
  'Webhook',
  v.object({
    ...members,
    disabledAt: v.optional(v.pipe(instant, v.description('Only of one that is disabled.'))),
    disabledAs: v.optional(open(['operator', 'failing', 'gone'], 'Why it is disabled.')),
  }),
)
const newWebhook = named('NewWebhook', v.object({ ...members, secret: SECRET }))
const webhookRequest = named('WebhookRequest', webhookSchema(false))

const replayRequest = v.pipe(
  v.strictObject({
    since: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/),
        v.description('A time with its offset.'),
      ),
    ),
    eventId: v.optional(text('A `Webhook-Id`.', 'evt_acme_admin_4711')),
  }),
  v.description('One of the two.'),
)

const delivery = named(
  'WebhookDelivery',
  v.object({
    eventId: text('The `Webhook-Id`.', 'evt_acme_admin_4711'),
    type: open(EVENT_TYPES, 'The type of the event.'),
    state: open(['waiting', 'delivered', 'failed'], 'What has become of it.'),
    attempts: v.pipe(v.number(), v.integer(), v.minValue(0)),
    queuedAt: instant,
    lastAttemptAt: v.optional(instant),
    lastStatus: v.optional(text('An HTTP status, or why there was none.', '503')),
    nextAttemptAt: v.optional(instant),
  }),
)
const deliveries = v.object({
  deliveries: v.array(delivery),
  nextCursor: v.optional(text('The `cursor` of the next page.', '1795687200000_admin_4711')),
})

const REQUEST = {
  url: 'https://siem.example.com/rescind',
  events: ['code.redeemed', 'code.locked'],
  description: 'SIEM',
}
const WEBHOOK = {
  id: 'whk_5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42',
  ...REQUEST,
  enabled: true,
  createdAt: '2026-11-26T10:00:00.000Z',
}
const DELIVERY = {
  eventId: 'evt_acme_admin_4711',
  type: 'code.redeemed',
  state: 'delivered',
  attempts: 1,
  queuedAt: '2026-11-26T10:00:00.000Z',
  lastAttemptAt: '2026-11-26T10:00:01.000Z',
  lastStatus: '200',
}

const NO_TENANT = { tenant: 'There is no such tenant.' }
const NO_WEBHOOK = { 404: { ...NO_TENANT, webhook: 'The tenant has no such webhook.' } }
const BAD_URL = {
  url: 'url must be an HTTPS URL of a public host name, without user, password or fragment.',
}
const PAGE: readonly Parameter[] = [
  { name: 'limit', description: 'How many.', schema: wholeNumber(1, 500, 100), example: 10 },
  { name: 'cursor', description: 'The `nextCursor` of a page: what comes after it.', schema: v.string() },
]
const BASE = '/operator/v1/tenants/:id/webhooks'
const who = 'owner'

export const webhookOperations: Operations = {
  [`GET ${BASE}`]: {
    id: 'listWebhooks',
    summary: 'The webhooks of a tenant, without their secrets.',
    who,
    answers: {
      200: answer('Those there are.', v.object({ webhooks: v.array(webhook) }), { webhooks: [WEBHOOK] }),
      404: NO_TENANT,
    },
  },
  [`POST ${BASE}`]: {
    id: 'addWebhook',
    summary: 'Adds a webhook; its secret is shown once.',
    who,
    body: json(webhookRequest, REQUEST),
    answers: {
      201: answer('The webhook.', newWebhook, {
        ...WEBHOOK,
        secret: 'whsec_c2VjcmV0LW9mLWEtd2ViaG9vay1vZi1hY21l',
      }),
      400: { ...BAD_URL, enabled: 'enabled must be true in a webhook that is added.' },
      404: NO_TENANT,
      409: 'The tenant has 10 webhooks, which is the most. Delete one first.',
    },
  },
  [`GET ${BASE}/:webhookId`]: {
    id: 'getWebhook',
    summary: 'One webhook.',
    who,
    answers: { 200: answer('The webhook.', webhook, WEBHOOK), ...NO_WEBHOOK },
  },
  [`PUT ${BASE}/:webhookId`]: {
    id: 'putWebhook',
    summary: 'Changes a webhook; enables or disables it.',
    description: 'What is left out is as in a new webhook. The secret stays.',
    who,
    body: json(webhookRequest, { ...REQUEST, enabled: true }),
    answers: { 200: answer('The webhook.', webhook, WEBHOOK), 400: BAD_URL, ...NO_WEBHOOK },
  },
  [`DELETE ${BASE}/:webhookId`]: {
    id: 'deleteWebhook',
    summary: 'Deletes a webhook.',
    who,
    answers: { 204: { what: 'It is gone.' }, ...NO_WEBHOOK },
  },
  [`POST ${BASE}/:webhookId/secret`]: {
    id: 'rotateWebhookSecret',
    summary: 'Another secret, and a day to change over.',
    who,
    answers: {
      200: answer(
        'The secret, which is shown this once.',
        v.object({ id: v.string(), secret: SECRET, oldSecretUntil: instant }),
        {
          id: WEBHOOK.id,
          secret: 'whsec_YW5vdGhlci1zZWNyZXQtb2YtdGhhdC13ZWJob29r',
          oldSecretUntil: '2026-11-27T10:00:00.000Z',
        },
      ),
      ...NO_WEBHOOK,
    },
  },
  [`POST ${BASE}/:webhookId/replay`]: {
    id: 'replayWebhookEvents',
    summary: 'Sends again what has happened since then.',
    who,
    body: json(replayRequest, { since: '2026-11-26T10:00:00Z' }),
    answers: {
      202: { what: 'It is on its way.' },
      400: {
        since: 'The body must be {"since": "2026-11-26T12:00:00Z"} or {"eventId": "<a webhook-id>"}.',
      },
      404: { ...NO_WEBHOOK[404], event: 'The tenant has no such event.' },
    },
  },
  [`GET ${BASE}/:webhookId/deliveries`]: {
    id: 'listWebhookDeliveries',
    summary: 'The log of what was sent, in pages, the newest first.',
    who,
    query: PAGE,
    answers: {
      200: answer('A page of it.', deliveries, { deliveries: [DELIVERY] }),
      400: { page: 'limit must be 1 to 500, and cursor the nextCursor of a page.' },
      ...NO_WEBHOOK,
    },
  },
}
