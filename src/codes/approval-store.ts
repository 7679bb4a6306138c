import { sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { recordEventOf } from '../audit/admin-event-store.ts'
import { newEventId, type Actor } from '../audit/admin-event.ts'
import { statementsOf } from '../database/prepared-batch.ts'
import { resetCodes, users, type Channel } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import type { CodeMode } from './code.ts'
import { epochOf, joinCode, NO_CODE, type CodeCaps } from './code-store.ts'
import { APPROVAL_MS } from './desk-rules.ts'
import { overwriting } from './issue-store.ts'

/**
 * The statements about codes that wait for a second person (S3). Each function is one round trip. What a state is
 * changed to is decided by the statement that changes it: of any number of people at once, one changes it.
 */

export type Approval = {
  id: string
  userId: string
  /** The address of the user, masked. */
  target: string
  mode: CodeMode
  channel: Channel
  destination: string | null
  requestedBy: string
  /** Of a person; a key and a client have none. */
  requestedByName: string | null
  requestedAt: number
  expiresAt: number
  status: 'pending' | 'approved' | 'declined' | 'collected' | 'expired' | 'superseded' | 'voided'
  decidedBy: string | null
  decidedAt: number | null
}

/** Why a request is as it was. */
export type Unchanged =
  | 'unknown'
  /** It is the person's own, and needs another; or another's, who alone may collect it. */
  | 'own'
  | 'not-own'
  /** The user is disabled, frozen, at high risk, locked, gone or has another address by now; or all codes were voided. */
  | 'unfit'
  | Approval['status']

export type Decided = { tag: 'done'; approval: Approval } | { tag: 'unchanged'; why: Unchanged }

/** What can still be decided or collected, the oldest first. */
export async function listApprovals(
  { db, tenantId, now }: TenantScope,
  after: string,
  most: number,
): Promise<Approval[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM desk_approvals a ${WITH_TARGET} WHERE a.tenant_id = ?1 AND a.status IN ('pending', 'approved')
         AND a.id > ?2 AND a.expires_at > ?3 ORDER BY a.id LIMIT ?4`,
    )
    .bind(tenantId, after, now, most)
    .all<Approval>()
  return results
}

/**
 * Has the second person approve or decline. The first one cannot, and neither can whoever has the same credential.
 * The same person may say the same again.
 */
export async function decide(
  scope: TenantScope,
  actor: Actor,
  id: string,
  to: 'approved' | 'declined',
): Promise<Decided> {
  const { db, tenantId, now } = scope
  const eventId = newEventId(now)
  const isApproval = to === 'approved'
  const action = isApproval ? 'approval.approve' : 'approval.decline'
  const event = recordEventOf(
    drizzle(db),
    scope,
    actor,
    { action, reason: null, id: eventId, mode: sql`request.mode` },
    sql`FROM desk_approvals request CROSS JOIN ${users} ON ${users.tenantId} = ${tenantId} AND ${users.id} = request.user_id
      WHERE request.tenant_id = ${tenantId} AND request.id = ${id} AND request.decision_id = ${eventId}`,
  )
  const [, , found] = await db.batch<Found>([
    db
      .prepare(
        `UPDATE desk_approvals SET status = ?3, decided_by = ?4, decided_at = ?5, decision_id = ?6,
           expires_at = ?7, sealed = iif(?3 = 'declined', '', sealed)
         WHERE tenant_id = ?1 AND id = ?2 AND status = 'pending' AND expires_at > ?5 AND requested_by <> ?4
           ${isApproval ? `AND ${isFit('?5')} AND ${mayIssue('?4')}` : ''}`,
      )
      .bind(tenantId, id, to, actor.accessId, now, eventId, now + APPROVAL_MS),
    ...statementsOf(db, [event]),
    db
      .prepare(
        `SELECT ${COLUMNS}, a.status = ?3 AND a.decided_by = ?4 AS isDone
         FROM desk_approvals a ${WITH_TARGET} WHERE a.tenant_id = ?1 AND a.id = ?2`,
      )
      .bind(tenantId, id, to, actor.accessId),
  ])
  const isOwn = ({ requestedBy }: Approval) => (requestedBy === actor.accessId ? 'own' : undefined)
  return outcomeOf(found, now, 'pending', isOwn)
}

/** A code that was collected: issued now, and named after its event. */
export type Collected = Approval & { codeId: string; codeExpiresAt: number; sealed: string; emailKey: string }

/**
 * Issues the code to the first person, once. Whoever has voided the user's codes meanwhile has ended the request.
 *
 * @param restrictsAtRisk whether nobody but a user at high risk may see their code.
 */
export async function collect(
  scope: TenantScope & CodeCaps,
  actor: Actor,
  id: string,
  restrictsAtRisk: boolean,
): Promise<{ tag: 'done'; collected: Collected } | { tag: 'unchanged'; why: Unchanged }> {
  const { db, tenantId, now, failuresMax } = scope
  const eventId = newEventId(now)
  const results = await db.batch([
    db
      .prepare(
        `UPDATE desk_approvals SET status = 'collected', code_id = ?4
         WHERE tenant_id = ?1 AND id = ?2 AND status = 'approved' AND requested_by = ?5 AND expires_at > ?3
           AND ${isFit('?3')} AND (channel = 'DISPLAY' OR NOT EXISTS (SELECT 1 FROM reset_codes c WHERE c.tenant_id = ?1
             AND c.user_id = desk_approvals.user_id AND c.mode = desk_approvals.mode AND c.failures >= ?6))
           AND NOT (?7 AND channel <> 'EMAIL' AND EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = ?1
             AND u.id = desk_approvals.user_id AND u.high_risk_at IS NOT NULL))`,
      )
      .bind(tenantId, id, now, eventId, actor.accessId, failuresMax, Number(restrictsAtRisk)),
    ...statementsOf(db, issueStatements(scope, actor, id, eventId)),
    db
      .prepare(
        `SELECT ${COLUMNS}, a.code_id AS codeId, ?3 + a.ttl_ms AS codeExpiresAt, a.sealed, a.email_key AS emailKey,
           a.code_id IS ?4 AS isDone FROM desk_approvals a ${WITH_TARGET} WHERE a.tenant_id = ?1 AND a.id = ?2`,
      )
      .bind(tenantId, id, now, eventId),
    db
      .prepare(`UPDATE desk_approvals SET sealed = '' WHERE tenant_id = ?1 AND id = ?2 AND code_id = ?3`)
      .bind(tenantId, id, eventId),
  ])
  const found = results.at(-2) as D1Result<Found<Collected>> | undefined
  const isOthers = ({ requestedBy }: Approval) => (requestedBy === actor.accessId ? undefined : 'not-own')
  const outcome = outcomeOf(found, now, 'approved', isOthers)
  return outcome.tag === 'done' ? { tag: 'done', collected: outcome.approval } : outcome
}

type Found<Row extends Approval = Approval> = Row & { isDone: number }

function outcomeOf<Row extends Approval>(
  found: D1Result<Found<Row>> | undefined,
  now: number,
  ready: Approval['status'],
  forbidden: (approval: Approval) => 'own' | 'not-own' | undefined,
): { tag: 'done'; approval: Row } | { tag: 'unchanged'; why: Unchanged } {
  const [row] = found?.results ?? []
  if (row === undefined) return { tag: 'unchanged', why: 'unknown' }
  const { isDone, ...approval } = row
  const why = forbidden(approval)
  if (why !== undefined) return { tag: 'unchanged', why }
  if (isDone) return { tag: 'done', approval: approval as unknown as Row }
  const isOpen = approval.status === 'pending' || approval.status === 'approved'
  if (isOpen && approval.expiresAt <= now) return { tag: 'unchanged', why: 'expired' }
  // It was ready, and the user was not.
  return { tag: 'unchanged', why: approval.status === ready ? 'unfit' : approval.status }
}

/** The event of a code that was collected, and the code: as any other issue. */
function issueStatements(scope: TenantScope & CodeCaps, actor: Actor, id: string, eventId: string) {
  const { db, tenantId, now } = scope
  const orm = drizzle(db)
  const request = sql`FROM desk_approvals request`
  const isThis = sql`request.tenant_id = ${tenantId} AND request.id = ${id} AND request.code_id = ${eventId}`
  const isShown = sql`request.channel = 'DISPLAY'`
  const kept = (column: SQL, otherwise: SQL) =>
    sql`iif(${isShown}, ${otherwise}, coalesce(${column}, ${otherwise}))`
  const row = {
    ...NO_CODE,
    userId: sql`request.user_id`,
    mode: sql`request.mode`,
    tenantId: sql`${tenantId}`,
    codeId: sql`request.code_id`,
    digest: sql`request.digest`,
    pepperId: sql`request.pepper_id`,
    issuedAt: now,
    expiresAt: sql`${now} + request.ttl_ms`,
    epoch: epochOf(sql`${tenantId}`, sql`request.mode`),
    failures: kept(sql`${resetCodes.failures}`, sql`0`),
    origin: sql`'issued'`,
    clientFailures: kept(sql`${resetCodes.clientFailures}`, sql`''`),
  }
  const way = { channel: sql`request.channel`, destination: sql`request.destination` }
  return [
    recordEventOf(
      orm,
      scope,
      actor,
      { action: 'generate', reason: null, id: eventId, mode: sql`request.mode`, result: 'issued', way },
      sql`${request} CROSS JOIN ${users} ON ${users.tenantId} = ${tenantId} AND ${users.id} = request.user_id WHERE ${isThis}`,
    ),
    orm
      .insert(resetCodes)
      .select(
        selectRow(
          resetCodes,
          row,
          sql`${request} ${joinCode({ tenantId, mode: sql`request.mode` as never }, sql`request.user_id`)} WHERE ${isThis}`,
        ),
      )
      .onConflictDoUpdate(overwriting(scope)),
  ]
}

/** Whether the user of a request may get a code as when it was asked for, and whoever is in it issue one. */
function isFit(now: string): string {
  return `EXISTS (SELECT 1 FROM users u WHERE u.tenant_id = ?1 AND u.id = desk_approvals.user_id AND u.status = 'enabled'
    AND u.email_key = desk_approvals.email_key AND coalesce(u.frozen_until, 0) <= ${now})
    AND ${OF_EPOCH} AND ${mayIssue("desk_approvals.requested_by, coalesce(desk_approvals.decided_by, '')")}`
}

/** Whether none of these is in quarantine: isolates may still take their credentials. */
function mayIssue(people: string): string {
  return `NOT EXISTS (SELECT 1 FROM quarantines q WHERE q.tenant_id = ?1 AND q.access_id IN (${people}))`
}

/** Whether it was asked for since all codes were last voided (S7). */
const OF_EPOCH = `desk_approvals.epoch = coalesce((SELECT e.epoch FROM void_epochs e
  WHERE e.tenant_id = desk_approvals.tenant_id AND e.mode = desk_approvals.mode), 0)`

const COLUMNS = `a.id, a.user_id AS userId, e.target, a.mode, a.channel, a.destination, a.requested_by AS requestedBy,
  (SELECT p.name FROM console_persons p WHERE p.tenant_id = a.tenant_id AND p.id = a.requested_by) AS requestedByName,
  a.requested_at AS requestedAt, a.expires_at AS expiresAt, a.status, a.decided_by AS decidedBy,
  a.decided_at AS decidedAt`

/** By the event by which it was asked for. */
const WITH_TARGET = 'JOIN admin_events e ON e.tenant_id = a.tenant_id AND e.id = a.id'
