import { COUNTER_DIGITS, newEventId, newEventIdPrefix, type Actor } from '../audit/admin-event.ts'
import type { TenantScope } from '../database/scope.ts'
import { beginJob, recordVoid, type VoidJob } from './void-many-store.ts'
import type { VoidJobRequest } from './void-request.ts'

/**
 * Has somebody issue no code any more, and begins to void those that they have issued: in one transaction, so that an
 * issue is either before it, and is voided, or refused. Isolates that still take their credential change nothing in it.
 * Doing it again voids again.
 */
export async function beginQuarantine(
  scope: TenantScope,
  actor: Actor,
  accessId: string,
  request: VoidJobRequest,
): Promise<VoidJob> {
  const { db, tenantId, now } = scope
  const event = {
    id: newEventId(now),
    action: 'key.quarantine',
    mode: null,
    target: accessId,
    result: 'done',
  }
  const jobId = newEventIdPrefix(now) + '0'.repeat(COUNTER_DIGITS)
  const results = await db.batch<VoidJob>([
    db
      .prepare(
        'INSERT INTO quarantines (tenant_id, access_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      )
      .bind(tenantId, accessId, now),
    recordVoid(db, tenantId, now, actor, event),
    ...beginJob(scope, actor, request, jobId),
  ])
  const job = results[2]?.results[0]
  if (job === undefined) throw new Error('a quarantine has begun no void')
  return job
}
