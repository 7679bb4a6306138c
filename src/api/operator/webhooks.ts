import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { config } from '../../config.ts'
import type { TenantScope } from '../../database/scope.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { noteWebhooks } from '../../tenants/tenant-store.ts'
import { EVENT_TYPES } from '../../webhooks/event-type.ts'
import { eventOfMessageId, messageId } from '../../webhooks/message-id.ts'
import { sendPoke } from '../../webhooks/poke.ts'
import { newSecret, OVERLAP_MS, sealSecret } from '../../webhooks/secret.ts'
import {
  deleteWebhook as removeWebhook,
  findWebhook,
  insertWebhook,
  listDeliveries,
  listWebhooks as findWebhooks,
  loggedAt,
  replaceSecret,
  replay,
  updateWebhook,
  WEBHOOKS_MAX,
  type Webhook,
} from '../../webhooks/webhook-store.ts'
import { requireDatabase, requireTenant } from './tenant-record.ts'
import { cursorOf, readPage, readReplay, readWebhook } from './webhook-request.ts'

/** The endpoints of a tenant's webhooks. */

/** After which every isolate knows that a tenant has webhooks: what happened before is looked for then. */
const KNOWN_S = 30

/** `POST /operator/v1/tenants/{id}/webhooks`: adds a webhook, and shows its secret this once. */
export async function addWebhook(c: Context<OperatorEnv>): Promise<Response> {
  const { accessIdKeys, isLocalRun } = config(c.env)
  const { enabled, ...wanted } = readWebhook(await readJson(c), isLocalRun)
  if (!enabled) throw new HTTPException(400, { message: 'enabled must be true in a webhook that is added.' })
  const scope = await scopeOf(c)
  const { tenantId, now } = scope
  const id = `whk_${crypto.randomUUID()}`
  const secret = newSecret()
  // First, so that nothing happens unheard that a webhook is already to be told of.
  await noteWebhooks(c.env.DB, tenantId)
  if (
    !(await insertWebhook(scope, { id, ...wanted }, await sealSecret(accessIdKeys, tenantId, id, secret)))
  ) {
    throw new HTTPException(409, {
      message: `The tenant has ${WEBHOOKS_MAX} webhooks, which is the most. Delete one first.`,
    })
  }
  forgetCatalogue()
  await poke(c, scope, KNOWN_S)
  const stored = { id, ...wanted, created_at: now, disabled_at: null, disabled_as: null }
  return c.json({ ...webhookRecord(stored), secret }, 201)
}

/** `GET /operator/v1/tenants/{id}/webhooks`. */
export async function listWebhooks(c: Context<OperatorEnv>): Promise<Response> {
  const webhooks = await findWebhooks(await scopeOf(c))
  return c.json({ webhooks: webhooks.map(webhookRecord) })
}

/** `GET /operator/v1/tenants/{id}/webhooks/{webhookId}`. */
export async function getWebhook(c: Context<OperatorEnv>): Promise<Response> {
  const webhook = await findWebhook(await scopeOf(c), idOf(c))
  if (webhook === undefined) throw noSuchWebhook()
  return c.json(webhookRecord(webhook))
}

/** `PUT /operator/v1/tenants/{id}/webhooks/{webhookId}`: replaces what it is told of and where; enables or disables it. */
export async function putWebhook(c: Context<OperatorEnv>): Promise<Response> {
  const wanted = readWebhook(await readJson(c), config(c.env).isLocalRun)
  const scope = await scopeOf(c)
  const webhook = await updateWebhook(scope, idOf(c), wanted)
  if (webhook === undefined) throw noSuchWebhook()
  await poke(c, scope)
  return c.json(webhookRecord(webhook))
}

/** `DELETE /operator/v1/tenants/{id}/webhooks/{webhookId}`. */
export async function deleteWebhook(c: Context<OperatorEnv>): Promise<Response> {
  const scope = await scopeOf(c)
  if (!(await removeWebhook(scope, idOf(c)))) throw noSuchWebhook()
  await poke(c, scope)
  return c.body(null, 204)
}

/** `POST /operator/v1/tenants/{id}/webhooks/{webhookId}/secret`: another secret, and a day to change over to it. */
export async function rotateSecret(c: Context<OperatorEnv>): Promise<Response> {
  const scope = await scopeOf(c)
  const { tenantId, now } = scope
  const secret = newSecret()
  const sealed = await sealSecret(config(c.env).accessIdKeys, tenantId, idOf(c), secret)
  if (!(await replaceSecret(scope, idOf(c), sealed))) throw noSuchWebhook()
  return c.json({ id: idOf(c), secret, oldSecretUntil: shownTime(now + OVERLAP_MS) })
}

/** `POST /operator/v1/tenants/{id}/webhooks/{webhookId}/replay`: sends again what has happened since then. */
export async function replayEvents(c: Context<OperatorEnv>): Promise<Response> {
  const from = readReplay(await readJson(c))
  const scope = await scopeOf(c)
  const event = 'eventId' in from ? eventOfMessageId(scope.tenantId, from.eventId) : undefined
  const since = 'since' in from ? from.since : event && (await loggedAt(scope, event))
  if (since === undefined) throw new HTTPException(404, { message: 'The tenant has no such event.' })
  if (!(await replay(scope, idOf(c), since))) throw noSuchWebhook()
  await poke(c, scope)
  return c.body(null, 202)
}

/** `GET /operator/v1/tenants/{id}/webhooks/{webhookId}/deliveries`: a page of its log, newest first. */
export async function listWebhookDeliveries(c: Context<OperatorEnv>): Promise<Response> {
  const page = readPage(c.req.query())
  const scope = await scopeOf(c)
  if ((await findWebhook(scope, idOf(c))) === undefined) throw noSuchWebhook()
  const found = await listDeliveries(scope, idOf(c), { ...page, limit: page.limit + 1 })
  const shown = found.slice(0, page.limit)
  const last = found.length > page.limit ? shown.at(-1) : undefined
  const deliveries = shown.map((delivery) => ({
    eventId: messageId(scope.tenantId, delivery),
    type: delivery.type,
    state: delivery.ended_as ?? 'waiting',
    attempts: delivery.attempts,
    queuedAt: shownTime(delivery.queued_at),
    lastAttemptAt: shownTime(delivery.last_at),
    lastStatus: delivery.last_status ?? undefined,
    nextAttemptAt: shownTime(delivery.next_at),
  }))
  return c.json({ deliveries, ...(last && { nextCursor: cursorOf(last) }) })
}

async function scopeOf(c: Context<OperatorEnv>): Promise<TenantScope> {
  const tenant = await requireTenant(c)
  return { db: requireDatabase(c, tenant.database), tenantId: tenant.id, now: c.get('now') }
}

function idOf(c: Context<OperatorEnv>): string {
  return c.req.param('webhookId') ?? ''
}

function poke(c: Context<OperatorEnv>, { tenantId }: TenantScope, delayS = 0): Promise<void> {
  return sendPoke(c.env.WEBHOOKS, tenantId, delayS)
}

function noSuchWebhook(): HTTPException {
  return new HTTPException(404, { message: 'The tenant has no such webhook.' })
}

/** A webhook as the operator sees it, without its secret. Members without a value are absent. */
function webhookRecord({ id, url, events, description, ...row }: Webhook) {
  return {
    id,
    url,
    events: events ?? EVENT_TYPES,
    description,
    enabled: row.disabled_at === null,
    disabledAt: shownTime(row.disabled_at),
    disabledAs: row.disabled_as ?? undefined,
    createdAt: shownTime(row.created_at),
  }
}

function shownTime(at: number | null): string | undefined {
  return at === null ? undefined : new Date(at).toISOString()
}
