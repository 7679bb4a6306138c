import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { countEventOfNobody, hourOf, recordUserEvent, type UserEvent } from '../audit/user-event-store.ts'
import { SCOPE_SLOTS, type Scope } from '../codes/code-store.ts'
import { CompiledBatch, slot } from '../database/prepared-batch.ts'
import { users } from '../database/schema.ts'

/** The statements of the delivery, apart from those about codes. */

/** Whom a notice goes to; nobody once the user has been disabled or deleted. */
export async function findRecipient({ db, tenantId }: Pick<Scope, 'db' | 'tenantId'>, userId: string) {
  return await drizzle(db)
    .select({ email: users.email, attributes: users.attributes })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.id, userId), eq(users.status, 'enabled')))
    .get()
}

/** Whose address it is, or nothing. */
export async function findUserId(
  { db, tenantId }: Pick<Scope, 'db' | 'tenantId'>,
  emailKey: string,
): Promise<string | null> {
  const user = await drizzle(db)
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.emailKey, emailKey)))
    .get()
  return user?.id ?? null
}

/** Records what became of a delivery; one to nobody known is only counted, since anybody can ask for those. */
export async function recordDelivery(
  { db, tenantId, now }: Pick<Scope, 'db' | 'tenantId' | 'now'>,
  { reason = '', ...event }: Omit<UserEvent, 'userId'> & { userId: string | null },
): Promise<void> {
  const values = { tenantId, now, reason, hour: hourOf(now), ...event }
  await (event.userId === null ? COUNT_EVENT : RECORD_EVENT).run(db, values)
}

const RECORD_EVENT = new CompiledBatch(() => [recordUserEvent(SCOPE_SLOTS, EVENT_SLOTS)])
const COUNT_EVENT = new CompiledBatch(() => [countEventOfNobody(SCOPE_SLOTS, EVENT_SLOTS, slot('hour'))])

const EVENT_SLOTS: Required<UserEvent> = {
  userId: slot('userId'),
  action: slot('action'),
  reason: slot('reason'),
  subjectId: slot('subjectId'),
  occurredAt: slot('occurredAt'),
}
