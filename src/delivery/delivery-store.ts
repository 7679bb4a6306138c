import {
  countEventsOfNobody,
  eventsJson,
  hourOf,
  recordUserEvents,
  type UserEvent,
} from '../audit/user-event-store.ts'
import { PreparedBatch } from '../database/prepared-batch.ts'
import type { TenantScope } from '../database/scope.ts'

/** What became of a delivery. Where it is about nobody it is only counted, since anybody can cause it. */
export type DeliveryEvent = Omit<UserEvent, 'userId'> & { userId: string | null }

/** Records what became of deliveries, all of them in one transaction. */
export async function recordDeliveries(
  { db, tenantId, now }: TenantScope,
  events: readonly DeliveryEvent[],
): Promise<void> {
  const ofUsers = events.filter(({ userId }) => userId !== null)
  const ofNobody = events.filter(({ userId }) => userId === null)
  const scope = { tenantId, now, hour: hourOf(now) }
  const statements = [
    ...(ofUsers.length > 0 ? recordStatement.statements(db, { ...scope, events: eventsJson(ofUsers) }) : []),
    ...(ofNobody.length > 0 ? countStatement.statements(db, { ...scope, events: eventsJson(ofNobody) }) : []),
  ]
  if (statements.length > 0) await db.batch(statements)
}

type EventsValues = Pick<TenantScope, 'tenantId' | 'now'> & { hour: number; events: string }

const recordStatement = new PreparedBatch<EventsValues>((orm, given) => [recordUserEvents(orm, given)])
const countStatement = new PreparedBatch<EventsValues>((orm, given) => [countEventsOfNobody(orm, given)])
