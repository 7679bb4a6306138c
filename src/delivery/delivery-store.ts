import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { recordUserEvent } from '../audit/user-event-store.ts'
import type { Scope } from '../codes/code-store.ts'
import { users, type UserAction } from '../schema.ts'

/** The statements of the delivery, apart from those about codes. */

/** Whom a notice goes to; nobody once the user has been disabled or deleted. */
export async function findRecipient({ db, tenantId }: Pick<Scope, 'db' | 'tenantId'>, userId: string) {
  return await drizzle(db)
    .select({ email: users.email, attributes: users.attributes })
    .from(users)
    .where(and(eq(users.tenantId, tenantId), eq(users.id, userId), eq(users.status, 'enabled')))
    .get()
}

/** Records what became of a delivery, once. */
export async function recordDelivery(
  scope: Pick<Scope, 'db' | 'tenantId' | 'now'>,
  event: { userId: string | null; action: UserAction; reason?: string; codeId: string },
): Promise<void> {
  await recordUserEvent(scope, event)
}
