import { PreparedBatch } from '../database/prepared-batch.ts'
import { adminEvents } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { newEventId, type Actor } from './admin-event.ts'

type LimitValues = Actor & { tenantId: string; now: number; id: string; bucket: string; mode: string }

const HOUR_MS = 3_600_000

/**
 * Records that a key has used up a limit on codes: once per key, bucket and hour, however often it is refused.
 */
export async function recordLimit(
  { db, tenantId, now }: TenantScope,
  actor: Actor,
  { bucket, mode }: { bucket: string; mode: string },
): Promise<void> {
  const id = await hourlyEventId(now, `${tenantId} ${actor.accessId} ${bucket}`)
  await limitStatements.run(db, { ...actor, tenantId, now, id, bucket, mode })
}

const limitStatements = new PreparedBatch<LimitValues>((orm, given) => {
  const { tenantId, id, now, accessId, mode, bucket, sourceIp, requestId } = given
  const event = { tenantId, id, occurredAt: now, accessId, action: 'generate', mode, userId: null }
  return [
    orm
      .insert(adminEvents)
      .values({ ...event, target: bucket, result: 'limited', sourceIp, requestId })
      .onConflictDoNothing(),
  ]
})

/** A UUIDv7 like any event's, but the same throughout one hour: of its start, and of a hash of what it is about. */
async function hourlyEventId(now: number, about: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(about)))
  const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const start = newEventId(now - (now % HOUR_MS)).slice(0, 15)
  return `${start}${digits.slice(0, 3)}-8${digits.slice(3, 6)}-${digits.slice(6, 18)}`
}
