import { bySeq, edge, firstAfter } from '../audit/event-log-store.ts'
import type { TenantScope } from '../database/scope.ts'
import type { EventType } from './event-type.ts'
import type { EventNumber } from './message-id.ts'
import { OVERLAP_MS } from './secret.ts'

/** The statements by which the operator keeps webhooks. Each function is one round trip. `?1` is the tenant. */

/** Webhooks that a tenant may have at once. */
export const WEBHOOKS_MAX = 10

export type Webhook = {
  id: string
  url: string
  /** Nothing for all. */
  events: EventType[] | null
  description: string
  created_at: number
  disabled_at: number | null
  disabled_as: 'operator' | 'failing' | 'gone' | null
}

export type WebhookChanges = Pick<Webhook, 'url' | 'events' | 'description'> & { enabled: boolean }

export type WebhookDelivery = EventNumber & {
  type: EventType
  queued_at: number
  attempts: number
  last_at: number | null
  last_status: string | null
  next_at: number | null
  ended_as: 'delivered' | 'failed' | null
}

const IS_THERE = "disabled_as IS NOT 'deleted'"

type Row = Omit<Webhook, 'events'> & { events: string | null }

const webhookOfRow = (row: Row): Webhook => ({ ...row, events: row.events && JSON.parse(row.events) })
const eventsJson = (events: readonly EventType[] | null) => events && JSON.stringify(events)

export async function listWebhooks({ db, tenantId }: TenantScope): Promise<Webhook[]> {
  const { results } = await db
    .prepare(`SELECT * FROM webhooks WHERE tenant_id = ?1 AND ${IS_THERE} ORDER BY created_at, id`)
    .bind(tenantId)
    .all<Row>()
  return results.map(webhookOfRow)
}

export async function findWebhook({ db, tenantId }: TenantScope, id: string): Promise<Webhook | undefined> {
  const row = await db
    .prepare(`SELECT * FROM webhooks WHERE tenant_id = ?1 AND id = ?2 AND ${IS_THERE}`)
    .bind(tenantId, id)
    .first<Row>()
  return row === null ? undefined : webhookOfRow(row)
}

/**
 * Stores a webhook that is told of whatever happens from now on, while the tenant has fewer than {@link WEBHOOKS_MAX}.
 *
 * @param secret sealed.
 * @returns whether it was stored.
 */
export async function insertWebhook(
  { db, tenantId, now }: TenantScope,
  { id, url, events, description }: Pick<Webhook, 'id' | 'url' | 'events' | 'description'>,
  secret: string,
): Promise<boolean> {
  const [admin, user] = [edge('admin_events', 'last'), edge('user_events', 'last')]
  const { meta } = await db
    .prepare(
      `INSERT INTO webhooks (tenant_id, id, url, events, description, secret, created_at,
         admin_seq, admin_until, user_seq, user_until)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ${admin}, ${admin}, ${user}, ${user}
       WHERE (SELECT count(*) FROM webhooks WHERE tenant_id = ?1 AND ${IS_THERE}) < ${WEBHOOKS_MAX}`,
    )
    .bind(tenantId, id, url, eventsJson(events), description, secret, now)
    .run()
  return meta.changes === 1
}

/** Changes a webhook. One that is enabled begins anew: it has failed at nothing, and is called at once with what is due. */
export async function updateWebhook(
  { db, tenantId, now }: TenantScope,
  id: string,
  { url, events, description, enabled }: WebhookChanges,
): Promise<Webhook | undefined> {
  const row = await db
    .prepare(
      `UPDATE webhooks SET url = ?3, events = ?4, description = ?5, failures = 0, failing_since = NULL,
         paused_until = 0, slow_until = 0, wake_at = NULL, lease_id = NULL, leased_until = 0,
         disabled_at = iif(?6, NULL, coalesce(disabled_at, ?7)),
         disabled_as = iif(?6, NULL, coalesce(disabled_as, 'operator'))
       WHERE tenant_id = ?1 AND id = ?2 AND ${IS_THERE} RETURNING *`,
    )
    .bind(tenantId, id, url, eventsJson(events), description, enabled ? 1 : 0, now)
    .first<Row>()
  return row === null ? undefined : webhookOfRow(row)
}

/** Nothing is sent to it any more. Its deliveries are removed later, in small batches. */
export async function deleteWebhook({ db, tenantId, now }: TenantScope, id: string): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE webhooks SET disabled_at = ?3, disabled_as = 'deleted', secret = '', old_secret = NULL, lease_id = NULL
       WHERE tenant_id = ?1 AND id = ?2 AND ${IS_THERE}`,
    )
    .bind(tenantId, id, now)
    .run()
  return meta.changes === 1
}

/** Gives a webhook another secret; calls are signed with the one before it too, for {@link OVERLAP_MS}. */
export async function replaceSecret({ db, tenantId, now }: TenantScope, id: string, secret: string) {
  const { meta } = await db
    .prepare(
      `UPDATE webhooks SET old_secret = secret, old_secret_until = ?4, secret = ?3
       WHERE tenant_id = ?1 AND id = ?2 AND ${IS_THERE}`,
    )
    .bind(tenantId, id, secret, now + OVERLAP_MS)
    .run()
  return meta.changes === 1
}

/** A page of what was sent or is to be, newest first. */
export async function listDeliveries(
  { db, tenantId }: TenantScope,
  id: string,
  { before, limit }: { before: DeliveryKey | undefined; limit: number },
): Promise<WebhookDelivery[]> {
  const {
    queued_at: queuedAt = Number.MAX_SAFE_INTEGER,
    log = 'user',
    seq = Number.MAX_SAFE_INTEGER,
  } = before ?? {}
  const { results } = await db
    .prepare(DELIVERIES)
    .bind(tenantId, id, queuedAt, log, seq, limit)
    .all<WebhookDelivery>()
  return results
}

/** Where a page ends. */
export type DeliveryKey = Pick<WebhookDelivery, 'queued_at' | 'log' | 'seq'>

export const DELIVERIES = `SELECT *
  FROM webhook_deliveries INDEXED BY webhook_deliveries_by_time
  WHERE tenant_id = ?1 AND webhook_id = ?2 AND queued_at <= ?3 AND (queued_at, log, seq) < (?3, ?4, ?5)
  ORDER BY queued_at DESC, log DESC, seq DESC LIMIT ?6`

export const REPLAY = `UPDATE webhooks SET admin_seq = f.a, admin_until = f.a, user_seq = f.u, user_until = f.u
  FROM (SELECT ${firstAfter('admin_events', '?3')} - 1 AS a, ${firstAfter('user_events', '?3')} - 1 AS u) AS f
  WHERE tenant_id = ?1 AND id = ?2 AND ${IS_THERE}`

/**
 * Has a webhook look again at what was logged since then: at as much at once as of what is new, so that a replay of any
 * size costs nothing now.
 *
 * @param since epoch ms.
 * @returns whether there is such a webhook.
 */
export async function replay({ db, tenantId }: TenantScope, id: string, since: number): Promise<boolean> {
  const { meta } = await db
    .prepare(REPLAY)
    .bind(tenantId, id, since - 1)
    .run()
  return meta.changes === 1
}

/** When an event was logged, epoch ms, or nothing where the tenant has none of that number. */
export async function loggedAt(
  { db, tenantId }: TenantScope,
  { log, seq }: EventNumber,
): Promise<number | undefined> {
  const text = `SELECT logged_at FROM ${bySeq(`${log}_events`)} WHERE tenant_id = ? AND seq = ?`
  const row = await db.prepare(text).bind(tenantId, seq).first<{ logged_at: number }>()
  return row?.logged_at
}
