import { countEventOfNobody, hourOf, recordUserEvent, type UserEvent } from '../audit/user-event-store.ts'
import { PreparedBatch } from '../database/prepared-batch.ts'
import type { TenantScope } from '../database/scope.ts'

/** Records what became of a delivery. Deliveries to unknown addresses are only counted, since anybody can cause them. */
export async function recordDelivery(
  { db, tenantId, now }: TenantScope,
  { userId, reason = '', ...event }: DeliveryEvent,
): Promise<void> {
  const values = { tenantId, now, ...event, reason }
  if (userId === null) await countStatement.run(db, { ...values, hour: hourOf(now) })
  else await recordStatement.run(db, { ...values, userId })
}

type DeliveryEvent = Omit<UserEvent, 'userId' | 'reason'> & { userId: string | null; reason?: string }

type EventValues = Omit<UserEvent, 'userId'> & Pick<TenantScope, 'tenantId' | 'now'>

const recordStatement = new PreparedBatch<EventValues & { userId: string }>((orm, given) => [
  recordUserEvent(orm, given, given),
])
const countStatement = new PreparedBatch<EventValues & { hour: number }>((orm, given) => [
  countEventOfNobody(orm, given, given),
])
