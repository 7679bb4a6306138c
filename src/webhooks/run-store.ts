import { bySeq, edge } from '../audit/event-log-store.ts'
import type { TenantScope } from '../database/scope.ts'
import { ADMIN_TYPE, USER_TYPE, type EventType, type Log } from './event-type.ts'

/**
 * The statements by which events become calls. The logs of events are the outbox: whatever is committed there is
 * found, since a webhook keeps the last number that it has looked at. `?1` is the tenant, `?2` the time.
 */

/** Events of each log that one trip looks at for a webhook. */
const WINDOW = 100
/** What a webhook may have waiting; with more, its numbers wait instead, and cost nothing. */
export const WAITING_MAX = 1_000
/** Calls that one run makes. */
const RUN_MAX = 50
/** For how long a run has its webhook to itself: longer than it can take. */
const LEASE_MS = 60_000
/** After this time a message that was to wake the slow lane is taken for lost. */
const WAKE_LOST_MS = 600_000
/** How long a delivery that has ended stays in its log, and how many of them one trip removes. */
export const LOG_KEPT_MS = 7 * 24 * 3_600_000
const PURGED_MAX = 400

/** A webhook that this run calls. */
export type Leased = {
  id: string
  url: string
  secret: string
  oldSecret: string | null
  oldSecretUntil: number
  failures: number
  failingSince: number | null
}

/** An event that is to be sent, with what its log says of it. */
export type Due = {
  webhookId: string
  log: Log
  seq: number
  type: EventType
  attempts: number
  /** Nothing where the event has been removed from its log meanwhile. */
  occurredAt: number | null
  userId: string | null
  mode: string | null
  channel: string | null
  target: string | null
  destination: string | null
  result: string | null
  reason: string | null
  accessId: string | null
  requestId: string | null
}

/** A webhook that the slow lane has to call, and when. */
export type Wake = { id: string; wakeAt: number }

/** What is left to do after a trip. */
export type Rest = { wakes: Wake[]; hasMore: boolean }

export type Run = Rest & { leased: Leased[]; due: Due[] }

/** What became of one call. */
export type Call = Pick<Due, 'webhookId' | 'log' | 'seq'> & {
  status: string
  nextAt: number | null
  endedAs: 'delivered' | 'failed' | null
}

/** How a webhook stands after its run. */
export type Standing = {
  id: string
  failures: number
  failingSince: number | null
  pausedUntil: number
  /** Nothing where it is as before. */
  slowUntil: number | null
  disabledAs: 'failing' | 'gone' | null
  /** Of the event that says so. */
  eventId: string
}

const HAS_DUE = `EXISTS (SELECT 1 FROM webhook_deliveries INDEXED BY webhook_deliveries_due
  WHERE tenant_id = ?1 AND webhook_id = webhooks.id AND next_at <= ?2)`
const HAS_ROOM = `(SELECT count(*) FROM (SELECT 1 FROM webhook_deliveries INDEXED BY webhook_deliveries_due
  WHERE tenant_id = ?1 AND webhook_id = webhooks.id AND next_at > 0 LIMIT ${WAITING_MAX})) < ${WAITING_MAX}`
const NEXT = `(SELECT next_at FROM webhook_deliveries INDEXED BY webhook_deliveries_due
  WHERE tenant_id = ?1 AND webhook_id = webhooks.id AND next_at > 0 ORDER BY next_at LIMIT 1)`
const WAKE_AT = `max(?2, paused_until, ${NEXT})`
/** Whether it is called from the fast lane. */
const IS_HEALTHY = 'failures = 0 AND slow_until <= ?2'
/** Whether a call of it may begin now. */
const IS_FREE = 'disabled_at IS NULL AND leased_until <= ?2 AND paused_until <= ?2'
const IS_BEHIND = `(admin_seq < ${edge('admin_events', 'last')} OR user_seq < ${edge('user_events', 'last')})`

const LOOK = `UPDATE webhooks SET admin_until = ${until('admin_seq', 'admin_events')},
  user_until = ${until('user_seq', 'user_events')} WHERE tenant_id = ?1 AND disabled_at IS NULL AND ${HAS_ROOM}`
const LOOKED = `UPDATE webhooks SET admin_seq = admin_until, user_seq = user_until
  WHERE tenant_id = ?1 AND (admin_seq < admin_until OR user_seq < user_until)`

/** How far a webhook looks: not beyond its window, nor at numbers whose events have been removed. */
function until(seq: string, table: 'admin_events' | 'user_events'): string {
  return `max(${seq}, min(max(${seq}, ${edge(table, 'first')} - 1) + ${WINDOW}, ${edge(table, 'last')}))`
}

/** The statement that makes deliveries of the events that webhooks look at. One that is there is made anew: a replay. */
function fill(log: Log, type: string): string {
  return `INSERT INTO webhook_deliveries (tenant_id, webhook_id, log, seq, type, queued_at, next_at)
    SELECT ?1, w.id, '${log}', e.seq, ${type}, ?2, ?2
    FROM webhooks w CROSS JOIN ${log}_events e INDEXED BY ${log}_events_by_seq
    WHERE w.tenant_id = ?1 AND w.${log}_until > w.${log}_seq AND e.tenant_id = ?1 AND e.seq > w.${log}_seq
      AND e.seq <= w.${log}_until AND ${type} IS NOT NULL
      AND (w.events IS NULL OR ${type} IN (SELECT value FROM json_each(w.events)))
    ON CONFLICT DO UPDATE SET queued_at = ?2, next_at = ?2, attempts = 0, ended_as = NULL`
}

const FILL_ADMIN = fill('admin', ADMIN_TYPE)
const FILL_USER = fill('user', USER_TYPE)

/** `?3` is before when; of a deleted webhook, all goes. */
const PURGE = `DELETE FROM webhook_deliveries WHERE (tenant_id, webhook_id, log, seq) IN (
    SELECT d.tenant_id, d.webhook_id, d.log, d.seq
    FROM webhooks w CROSS JOIN webhook_deliveries d INDEXED BY webhook_deliveries_by_time
    WHERE w.tenant_id = ?1 AND d.tenant_id = ?1 AND d.webhook_id = w.id
      AND d.queued_at < iif(w.disabled_as IS 'deleted', ?2 + 1, ?3)
      AND (d.next_at IS NULL OR w.disabled_as IS 'deleted') LIMIT ${PURGED_MAX})`
const PURGE_DELETED = `DELETE FROM webhooks WHERE tenant_id = ?1 AND disabled_as = 'deleted' AND NOT EXISTS (
    SELECT 1 FROM webhook_deliveries d WHERE d.tenant_id = ?1 AND d.webhook_id = webhooks.id)`

/** `?3` is the run, `?4` the webhook that the slow lane calls; without one, all that are healthy are called. */
const LEASE = `UPDATE webhooks SET lease_id = ?3, leased_until = ?2 + ${LEASE_MS}
  WHERE tenant_id = ?1 AND ${IS_FREE} AND iif(?4 IS NULL, ${IS_HEALTHY}, id = ?4) AND ${HAS_DUE}
  RETURNING id, url, secret, old_secret AS oldSecret, old_secret_until AS oldSecretUntil, failures,
    failing_since AS failingSince`
const WOKEN = 'UPDATE webhooks SET wake_at = NULL WHERE tenant_id = ?1 AND id = ?2'

const DUE = `SELECT due.webhook_id AS webhookId, due.log, due.seq, due.type, due.attempts,
    coalesce(a.occurred_at, u.occurred_at) AS occurredAt, coalesce(a.user_id, u.user_id) AS userId, a.mode,
    coalesce(a.channel, u.channel) AS channel, coalesce(a.destination, u.destination) AS destination, a.target,
    a.result, u.reason, a.access_id AS accessId, a.request_id AS requestId
  FROM (SELECT d.*, row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.next_at) AS nth
    FROM webhooks w CROSS JOIN webhook_deliveries d INDEXED BY webhook_deliveries_due
    WHERE w.tenant_id = ?1 AND w.lease_id = ?3 AND d.tenant_id = ?1 AND d.webhook_id = w.id AND d.next_at <= ?2) due
  LEFT JOIN ${bySeq('admin_events').replace(' ', ' a ')} ON due.log = 'admin' AND a.tenant_id = ?1 AND a.seq = due.seq
  LEFT JOIN ${bySeq('user_events').replace(' ', ' u ')} ON due.log = 'user' AND u.tenant_id = ?1 AND u.seq = due.seq
  WHERE due.nth <= ${RUN_MAX}`

/** Of what cannot be called from the fast lane now, whatever no message is on its way for. */
const WAKE = `UPDATE webhooks SET wake_at = ${WAKE_AT}
  WHERE tenant_id = ?1 AND disabled_at IS NULL AND leased_until <= ?2 AND ${NEXT} IS NOT NULL
    AND NOT (${IS_HEALTHY} AND paused_until <= ?2 AND ${HAS_DUE})
    AND (wake_at IS NULL OR wake_at > ${WAKE_AT} OR wake_at < ?2 - ${WAKE_LOST_MS})
  RETURNING id, wake_at AS wakeAt`
const MORE = `SELECT 1 FROM webhooks WHERE tenant_id = ?1 AND (disabled_as IS 'deleted' OR disabled_at IS NULL
  AND (${IS_BEHIND} AND ${HAS_ROOM} OR ${IS_FREE} AND ${IS_HEALTHY} AND ${HAS_DUE})) LIMIT 1`

/**
 * Makes deliveries of what has happened, and leases webhooks with something due: all that are healthy, or the one that
 * the slow lane calls.
 *
 * @param runId of this run alone.
 */
export async function beginRun(
  { db, tenantId, now }: TenantScope,
  runId: string,
  webhookId: string | undefined,
): Promise<Run> {
  const of = (text: string, ...more: unknown[]) => db.prepare(text).bind(tenantId, now, ...more)
  const results = await db.batch([
    db.prepare(LOOK).bind(tenantId),
    of(FILL_ADMIN),
    of(FILL_USER),
    db.prepare(LOOKED).bind(tenantId),
    of(PURGE, now - LOG_KEPT_MS),
    db.prepare(PURGE_DELETED).bind(tenantId),
    db.prepare(WOKEN).bind(tenantId, webhookId ?? null),
    of(LEASE, runId, webhookId ?? null),
    of(DUE, runId),
    of(WAKE),
    of(MORE),
  ])
  const [leased, due, wakes, more] = results.slice(-4).map((result) => result.results)
  return {
    leased: leased as Leased[],
    due: due as Due[],
    wakes: wakes as Wake[],
    hasMore: more?.length === 1,
  }
}

const RECORD = `UPDATE webhook_deliveries SET attempts = attempts + 1, last_at = ?2, last_status = c.status,
    next_at = c.nextAt, ended_as = c.endedAs
  FROM (SELECT value->>'webhookId' AS webhookId, value->>'log' AS log, value->>'seq' AS seq,
    value->>'status' AS status, value->>'nextAt' AS nextAt, value->>'endedAs' AS endedAs FROM json_each(?3)) AS c
  WHERE tenant_id = ?1 AND webhook_id = c.webhookId AND webhook_deliveries.log = c.log
    AND webhook_deliveries.seq = c.seq AND next_at IS NOT NULL`
/** How each webhook of the run stands, while it is still this run's: an operator may have changed it meanwhile. */
const STANDINGS = `(SELECT value->>'id' AS id, value->>'failures' AS failures, value->>'failingSince' AS failingSince,
    value->>'pausedUntil' AS pausedUntil, value->>'slowUntil' AS slowUntil, value->>'disabledAs' AS disabledAs,
    value->>'eventId' AS eventId FROM json_each(?3)) AS s`
const RECORD_DISABLED = `INSERT INTO admin_events
    (tenant_id, id, occurred_at, access_id, action, target, result, source_ip, request_id)
  SELECT ?1, s.eventId, ?2, '', 'webhook.disabled', s.id, s.disabledAs, '', '' FROM ${STANDINGS}
    CROSS JOIN webhooks w ON w.tenant_id = ?1 AND w.id = s.id
  WHERE w.lease_id = ?4 AND w.disabled_at IS NULL AND s.disabledAs IS NOT NULL`
const RELEASE = `UPDATE webhooks SET lease_id = NULL, leased_until = 0, failures = s.failures,
    failing_since = s.failingSince, paused_until = s.pausedUntil, slow_until = coalesce(s.slowUntil, slow_until),
    disabled_at = iif(s.disabledAs IS NULL, NULL, ?2), disabled_as = s.disabledAs
  FROM ${STANDINGS} WHERE tenant_id = ?1 AND webhooks.id = s.id AND lease_id = ?4`

/** Records what became of the calls of a run, and lets go of its webhooks. */
export async function endRun(
  { db, tenantId, now }: TenantScope,
  runId: string,
  calls: readonly Call[],
  standings: readonly Standing[],
): Promise<Rest> {
  const of = (text: string, ...more: unknown[]) => db.prepare(text).bind(tenantId, now, ...more)
  const standing = JSON.stringify(standings)
  const results = await db.batch([
    of(RECORD, JSON.stringify(calls)),
    of(RECORD_DISABLED, standing, runId),
    of(RELEASE, standing, runId),
    of(WAKE),
    of(MORE),
  ])
  const [wakes, more] = results.slice(-2).map((result) => result.results)
  return { wakes: wakes as Wake[], hasMore: more?.length === 1 }
}

/** The statements of {@link beginRun} and {@link endRun}, for the test that looks at their plans. */
export const STATEMENTS = {
  LOOK,
  FILL_ADMIN,
  FILL_USER,
  LOOKED,
  PURGE,
  PURGE_DELETED,
  WOKEN,
  LEASE,
  DUE,
  WAKE,
  MORE,
  RECORD,
  RECORD_DISABLED,
  RELEASE,
}
