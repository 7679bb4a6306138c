import type { Actor } from '../audit/admin-event.ts'
import { firstAfter } from '../audit/event-log-store.ts'
import type { TenantScope } from '../database/scope.ts'
import type { CodeMode } from './code.ts'
import type { VoidJobRequest } from './void-request.ts'

/** The statements that void all codes of a tenant, and those that begin to void some of them. `?1` is the tenant. */

/**
 * For how long after a void what was asked for is taken to have been asked before it: the clocks of isolates differ.
 * What is issued already has an epoch, which no clock has a say in.
 */
const SKEW_MS = 2_000

/** Jobs of one administrator that are not done yet: there may be no more. */
export const OPEN_JOBS_MAX = 5

/** Who acts where the operator of the service does. */
export const OPERATOR = 'operator'

/** The row of a job; the numbers are described beside its table. */
export type VoidJob = {
  tenant_id: string
  id: string
  request: string
  is_dry_run: number
  issued_by: string | null
  mode: CodeMode | null
  until: number
  access_id: string
  source_ip: string
  request_id: string
  created_at: number
  admin_seq: number
  admin_end: number
  user_seq: number
  user_end: number
  total: number
  voided: number
  in_use: number
  worked_at: number
  ended_at: number | null
}

/**
 * The statements that void all codes of some modes, however many there are: the epoch moves on, and what was issued
 * under the one before is dead from their commit on.
 */
export function voidEverything(
  { db, tenantId, now }: TenantScope,
  actor: Actor,
  modes: readonly CodeMode[],
  eventId: string,
): D1PreparedStatement[] {
  const [mode = null, other] = modes
  return [
    db
      .prepare(
        `INSERT INTO void_epochs (tenant_id, mode, epoch, asked_until) SELECT ?1, value, 1, ?2 FROM json_each(?3) WHERE 1
         ON CONFLICT DO UPDATE SET epoch = epoch + 1, asked_until = max(asked_until, excluded.asked_until)`,
      )
      .bind(tenantId, now + SKEW_MS, JSON.stringify(modes)),
    recordVoid(db, tenantId, now, actor, {
      id: eventId,
      action: 'void.all',
      mode: other ? null : mode,
      target: '',
      result: 'done',
    }),
  ]
}

/** Who issued, as an event may say it: never a full address, should that be somebody's name. */
export function shownIssuer(issuedBy: string | null): string {
  return issuedBy?.replace(/^(.)[^@]*@/u, '$1***@') ?? ''
}

/** The statement that records one event for the whole of a void. */
export function recordVoid(
  db: D1Database,
  tenantId: string,
  now: number,
  { accessId, sourceIp, requestId }: Actor,
  event: { id: string; action: string; mode: CodeMode | null; target: string; result: string },
  only = '1',
): D1PreparedStatement {
  const { id, action, mode, target, result } = event
  return db
    .prepare(
      `INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, mode, target, result, source_ip, request_id)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE ${only}`,
    )
    .bind(tenantId, id, now, accessId, action, mode, target, result, sourceIp, requestId)
}

/** Where the logs are looked at from, and how far: what is committed later is not concerned. */
const WALK = ['admin_events', 'user_events'] as const
const [ADMIN_FROM, USER_FROM] = WALK.map((table) => firstAfter(table, '?4'))
const [ADMIN_TO, USER_TO] = WALK.map((table) => firstAfter(table, '?5'))

/**
 * The statements that begin a job, the first of which returns its row; none where its administrator has too many that
 * are not done. The numbers of events are taken in their transaction: exactly what is committed before it is looked at.
 *
 * @param id of the job, and of its event.
 */
export function beginJob(
  { db, tenantId, now }: TenantScope,
  actor: Actor,
  { isDryRun, issuedBy, mode, since, until, asked }: VoidJobRequest,
  id: string,
): D1PreparedStatement[] {
  const { accessId, sourceIp, requestId } = actor
  // A time that is not over yet ends with the last event, whatever the clock of the database says.
  const end = until < now ? until : Number.MAX_SAFE_INTEGER
  // Who issues what users ask for is nobody.
  const [userFrom, userTo] = issuedBy === null && mode !== 'ENROLLMENT' ? [USER_FROM, USER_TO] : ['0', '0']
  const about = [issuedBy, mode, until, accessId, sourceIp, requestId]
  const isBegun = 'EXISTS (SELECT 1 FROM void_jobs WHERE tenant_id = ?1 AND id = ?2)'
  const job = db
    .prepare(
      `INSERT INTO void_jobs (tenant_id, id, request, is_dry_run, issued_by, mode, until, access_id, source_ip,
         request_id, created_at, worked_at, admin_seq, admin_end, user_seq, user_end, total)
       SELECT ?1, ?2, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?3, ?3, a, b, c, d, b - a + d - c
       FROM (SELECT ${ADMIN_FROM} AS a, max(${ADMIN_FROM}, ${ADMIN_TO}) AS b, ${userFrom} AS c, max(${userFrom}, ${userTo}) AS d)
       WHERE ?11 = '${OPERATOR}' OR (SELECT count(*) FROM void_jobs INDEXED BY void_jobs_open
         WHERE tenant_id = ?1 AND ended_at IS NULL AND access_id = ?11) < ${OPEN_JOBS_MAX} RETURNING *`,
    )
    .bind(tenantId, id, now, since - 1, end, JSON.stringify(asked), Number(isDryRun), ...about)
  if (isDryRun) return [job]
  const event = { id, action: 'void.some', mode, target: shownIssuer(issuedBy), result: 'begun' }
  return [
    job,
    recordVoid(db, tenantId, now, actor, event, isBegun),
    // What was asked for by then, and is not issued yet, never is.
    ...(userFrom === '0'
      ? []
      : [
          db
            .prepare(
              `INSERT INTO void_epochs (tenant_id, mode, epoch, asked_until) SELECT ?1, 'PASSWORD_RESET', 0, ?3 WHERE ${isBegun}
               ON CONFLICT DO UPDATE SET asked_until = max(asked_until, excluded.asked_until)`,
            )
            .bind(tenantId, id, until < now ? until : now + SKEW_MS),
        ]),
  ]
}

/** A job of the tenant. */
export function findJob({ db, tenantId }: TenantScope, id: string): Promise<VoidJob | null> {
  return db.prepare('SELECT * FROM void_jobs WHERE tenant_id = ? AND id = ?').bind(tenantId, id).first()
}

/** A job as it is shown. */
export function jobRecord({ request, created_at, ended_at, total, ...job }: VoidJob) {
  const left = job.admin_end - job.admin_seq + job.user_end - job.user_seq
  return {
    jobId: job.id,
    ...(JSON.parse(request) as object),
    dryRun: job.is_dry_run === 1,
    state: ended_at === null ? 'running' : 'done',
    done: total - left,
    total,
    voided: job.voided,
    inUse: job.in_use,
    createdAt: new Date(created_at).toISOString(),
    endedAt: ended_at === null ? undefined : new Date(ended_at).toISOString(),
  }
}
