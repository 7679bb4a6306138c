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
  const id = await eventIdAbout(now - (now % HOUR_MS), `${tenantId} ${actor.accessId} ${bucket}`)
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

type AttackValues = { tenantId: string; now: number; id: string; result: string; requestId: string }

/**
 * Records that somebody has begun to try codes on the tenant's users, or has stopped: once per attack, although
 * every isolate that hears of it does.
 *
 * @param since when the attack began, epoch ms.
 */
export async function recordAttack(
  { db, tenantId, now }: TenantScope,
  { since, isOn, requestId }: { since: number; isOn: boolean; requestId: string },
): Promise<void> {
  const result = isOn ? 'begun' : 'ended'
  const id = await eventIdAbout(since, `${tenantId} attack ${result}`)
  await attackStatements.run(db, { tenantId, now, id, result, requestId })
}

const attackStatements = new PreparedBatch<AttackValues>((orm, { tenantId, id, now, result, requestId }) => {
  // Nobody's key, and from everywhere.
  const nobody = { accessId: '', sourceIp: '', userId: null, mode: null, target: '' }
  const event = { tenantId, id, occurredAt: now, action: 'tenant.under_attack', result, requestId }
  return [
    orm
      .insert(adminEvents)
      .values({ ...event, ...nobody })
      .onConflictDoNothing(),
  ]
})

/** A UUIDv7 like any event's, but always the same for one time and one subject, of which it has a hash. */
async function eventIdAbout(at: number, about: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(about)))
  const digits = Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const start = newEventId(at).slice(0, 15)
  return `${start}${digits.slice(0, 3)}-8${digits.slice(3, 6)}-${digits.slice(6, 18)}`
}
