import { sql, type SQL } from 'drizzle-orm'
import { newEventIdPrefix, type Actor } from '../audit/admin-event.ts'
import { eventIdOf, isOfThisCall, maskAddress } from '../audit/admin-event-store.ts'
import { UNNUMBERED } from '../audit/event-number.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, resetCodes, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { selectRow } from '../database/select-row.ts'
import { isKeptLive, isNewestLive, isReserved, type CodeCaps } from './code-store.ts'
import { AWAITING } from './desk-issue-store.ts'
import { shownIssuer, type VoidJob } from './void-many-store.ts'

/** The statements that work off jobs, a batch at a time. */

/** Events of each log that one batch looks at: each is some rows read, and each code that is voided some written. */
const WINDOW = 250
/** For how long a job that is done can be seen. */
export const JOB_KEPT_MS = 7 * 24 * 3_600_000
/** After which time the message of a job that is not done is taken for lost. */
const STALLED_MS = 60_000

type Scope = TenantScope & CodeCaps

/**
 * Looks at the next events of a job, and voids what they have led to, or counts it: the row of every code with its
 * event and with how far the job has come, in one transaction. A batch that another one has made meanwhile does nothing.
 *
 * @returns the job as it is then; nothing where it was not as given.
 */
export async function workOn(scope: Scope, job: VoidJob): Promise<VoidJob | undefined> {
  const { db, tenantId, now, attemptsMax, failuresMax } = scope
  const adminNext = Math.min(job.admin_seq + WINDOW, job.admin_end)
  const userNext = Math.min(job.user_seq + WINDOW, job.user_end)
  const isLast = adminNext === job.admin_end && userNext === job.user_end
  const { id: jobId, admin_seq: adminSeq, user_seq: userSeq, issued_by: issuedBy, mode, until } = job
  const actor = { accessId: job.access_id, sourceIp: job.source_ip, requestId: job.request_id }
  const place = { jobId, adminSeq, userSeq, adminNext, userNext, endedAt: isLast ? now : null }
  const eventIdPrefix = newEventIdPrefix(now)
  const target = shownIssuer(issuedBy)
  const about = { tenantId, now, attemptsMax, failuresMax, issuedBy, target, mode, until }
  const values = { ...about, ...actor, ...place, eventIdPrefix }
  const results = await db.batch<VoidJob>([
    ...(job.is_dry_run ? counting : voiding).statements(db, values),
    ...moving.statements(db, values),
  ])
  return results.at(-1)?.results[0]
}

type Values = Actor &
  CodeCaps & {
    tenantId: string
    now: number
    eventIdPrefix: string
    jobId: string
    issuedBy: string | null
    /** The same for an event. */
    target: string
    mode: string | null
    until: number
    /** Where the batch begins, and where the next one does. */
    adminSeq: number
    userSeq: number
    adminNext: number
    userNext: number
    /** Nothing where there is a next one. */
    endedAt: number | null
  }
type GivenValues = Placeholders<Values>

/** The job, while it is where this batch begins. */
function isJobHere({ tenantId, jobId, adminSeq, userSeq }: GivenValues): SQL {
  return sql`tenant_id = ${tenantId} AND id = ${jobId} AND admin_seq = ${adminSeq} AND user_seq = ${userSeq}
    AND ended_at IS NULL`
}

/**
 * Users and modes whose live code one of the events has led to: that of an issue, after which the code is named, or
 * that of a code on its way.
 *
 * @param kept whether a code that is kept beside the newest is concerned too.
 */
function found(given: GivenValues, kept = sql`1`): SQL {
  const { tenantId, adminSeq, adminNext, userSeq, userNext, issuedBy, mode } = given
  const codes = (codeId: SQL, ofMode: SQL) => sql`CROSS JOIN ${resetCodes} ON ${resetCodes.userId} = e.user_id
    AND ${resetCodes.mode} = ${ofMode} AND ${resetCodes.tenantId} = ${tenantId}
    AND (${resetCodes.codeId} = ${codeId} AND ${isNewestLive(given)}
      OR ${resetCodes.keptCodeId} = ${codeId} AND ${isKeptLive(given)} AND ${kept})`
  const isReservedNow = isReserved(given)
  return sql`(SELECT e.user_id AS user_id, ${resetCodes.mode} AS mode, ${isReservedNow} AS in_use
      FROM admin_events e INDEXED BY admin_events_by_seq ${codes(sql`e.id`, sql`e.mode`)}
      WHERE e.tenant_id = ${tenantId} AND e.seq >= ${adminSeq} AND e.seq < ${adminNext} AND e.action = 'generate'
        AND e.access_id = coalesce(${issuedBy}, e.access_id) AND e.mode = coalesce(${mode}, e.mode)
    UNION SELECT e.user_id, ${resetCodes.mode}, ${isReservedNow}
      FROM user_events e INDEXED BY user_events_by_seq ${codes(sql`substr(e.id, 6)`, sql`'PASSWORD_RESET'`)}
      WHERE e.tenant_id = ${tenantId} AND e.seq >= ${userSeq} AND e.seq < ${userNext} AND e.action = 'sent')`
}

/**
 * As a void of one user does it: the code that an administrator issued ends with the one that the user asked for. What
 * a batch has found is dead then, so that the same one finds nothing again.
 */
const voiding = new PreparedBatch<Values>((orm, given) => {
  const { tenantId, now, accessId, sourceIp, requestId } = given
  const row = {
    tenantId,
    occurredAt: now,
    accessId,
    sourceIp,
    requestId,
    id: eventIdOf(given, sql`row_number() OVER () - 1`),
    action: sql`'void'`,
    mode: sql`found.mode`,
    userId: sql`found.user_id`,
    target: maskAddress(sql`${users.emailKey}`),
    result: sql`iif(found.in_use, 'in-use', 'voided')`,
    channel: null,
    destination: null,
    reason: null,
    ...UNNUMBERED,
  }
  const source = sql`FROM ${found(given)} found CROSS JOIN ${users}
    ON ${users.id} = found.user_id AND ${users.tenantId} = ${tenantId}`
  const isVoided = sql`(${resetCodes.userId}, ${resetCodes.mode}) IN (SELECT ${adminEvents.userId}, ${adminEvents.mode}
    FROM ${adminEvents} WHERE ${isOfThisCall(given)})`
  const ends = sql`iif(${isReserved(given)}, ${resetCodes.endedAt}, ${now})`
  return [
    orm.insert(adminEvents).select(selectRow(adminEvents, row, source)),
    orm
      .update(resetCodes)
      .set({
        endedAt: ends,
        endedAs: sql`iif(${isReserved(given)}, ${resetCodes.endedAs}, 'voided')`,
        voidedAt: sql`${now}`,
      })
      .where(sql`${resetCodes.tenantId} = ${tenantId} AND ${isVoided}`),
    endWaiting(orm, given),
    count(orm, given, {
      voided: sql`(SELECT count(*) FROM ${adminEvents} WHERE ${isOfThisCall(given)} AND ${adminEvents.result} = 'voided')`,
      inUse: sql`(SELECT count(*) FROM ${adminEvents} WHERE ${isOfThisCall(given)} AND ${adminEvents.result} = 'in-use')`,
    }),
  ]
})

/** What was asked for by one of the events, and waits for a second person, is never issued. */
function endWaiting(orm: Orm, given: GivenValues) {
  const { tenantId, adminSeq, adminNext, issuedBy, mode } = given
  return statement(
    orm,
    sql`UPDATE desk_approvals SET status = 'voided', sealed = '' WHERE tenant_id = ${tenantId}
      AND status IN ('pending', 'approved') AND id IN (SELECT e.id FROM admin_events e INDEXED BY admin_events_by_seq
        WHERE e.tenant_id = ${tenantId} AND e.seq >= ${adminSeq} AND e.seq < ${adminNext} AND e.action = 'generate'
          AND e.result = '${sql.raw(AWAITING)}' AND e.access_id = coalesce(${issuedBy}, e.access_id)
          AND e.mode = coalesce(${mode}, e.mode))`,
  )
}

/** A row with two codes is counted by the newest, if that one is looked at too. */
const counting = new PreparedBatch<Values>((orm, given) => {
  const { issuedBy, until } = given
  const kept = sql`(${issuedBy} IS NOT NULL OR NOT ${isNewestLive(given)} OR ${resetCodes.issuedAt} > ${until})`
  return [
    count(orm, given, {
      voided: sql`(SELECT count(*) FROM ${found(given, kept)} WHERE NOT in_use)`,
      inUse: sql`(SELECT count(*) FROM ${found(given, kept)} WHERE in_use)`,
    }),
  ]
})

/** The last batch of a void is an event, whose number is behind those of all codes of a batch. */
const moving = new PreparedBatch<Values>((orm, given) => {
  const { adminNext, userNext, now, endedAt, eventIdPrefix, target } = given
  const event = sql`INSERT INTO admin_events (tenant_id, id, occurred_at, access_id, action, mode, target, result,
    source_ip, request_id) SELECT tenant_id, ${eventIdPrefix} || 'fff', ${now}, access_id, 'void.some', mode,
    ${target}, 'ended', source_ip, request_id FROM void_jobs
    WHERE ${isJobHere(given)} AND NOT is_dry_run AND ${endedAt} IS NOT NULL`
  const move = sql`UPDATE void_jobs SET admin_seq = ${adminNext}, user_seq = ${userNext}, worked_at = ${now},
    ended_at = ${endedAt} WHERE ${isJobHere(given)} RETURNING *`
  return [statement(orm, event), statement(orm, move)]
})

function count(orm: Orm, given: GivenValues, { voided, inUse }: { voided: SQL; inUse: SQL }) {
  return statement(
    orm,
    sql`UPDATE void_jobs SET voided = voided + ${voided}, in_use = in_use + ${inUse} WHERE ${isJobHere(given)}`,
  )
}

/** A statement that Drizzle's builder has no words for. */
function statement(orm: Orm, text: SQL) {
  return { toSQL: () => orm.run(text).getQuery() }
}

/** Jobs of all tenants of a database whose message is lost. */
export async function stalledJobs(
  db: D1Database,
  now: number,
  most: number,
): Promise<{ tenant_id: string; id: string }[]> {
  const { results } = await db
    .prepare(
      `SELECT tenant_id, id FROM void_jobs INDEXED BY void_jobs_open WHERE ended_at IS NULL AND worked_at < ? LIMIT ?`,
    )
    .bind(now - STALLED_MS, most)
    .all<{ tenant_id: string; id: string }>()
  return results
}

export function isStalled({ ended_at: endedAt, worked_at: workedAt }: VoidJob, now: number): boolean {
  return endedAt === null && workedAt < now - STALLED_MS
}

/** Forgets some of the jobs of a database that were asked for long ago. */
export async function purgeJobs(db: D1Database, now: number, most: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `DELETE FROM void_jobs WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM void_jobs INDEXED BY void_jobs_by_time
       WHERE created_at < ? AND ended_at IS NOT NULL LIMIT ?)`,
    )
    .bind(now - JOB_KEPT_MS, most)
    .run()
  return meta.changes
}
