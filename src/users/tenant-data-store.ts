import { eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import {
  adminEvents,
  challengeAnswers,
  deletedUsers,
  idempotentCalls,
  logMarks,
  resetCodes,
  spentBudgets,
  userEvents,
  users,
} from '../database/schema.ts'
import { deleteCountsOf } from './user-count-store.ts'

/** The statements about all rows of a tenant in its database. */

/** Tables that are no part of the Worker's schema. */
const BY_NAME = [
  'webhooks',
  'webhook_deliveries',
  'void_jobs',
  'void_epochs',
  'quarantines',
  'desk_verifications',
  'desk_approvals',
  'desk_reports',
  'console_persons',
  'event_counts',
  'agent_counts',
  'event_count_marks',
]

/** Removes every row of a tenant from its database. */
export async function deleteTenantData(db: D1Database, tenantId: string): Promise<void> {
  // In a trip of their own: Drizzle knows no statement in a batch that it has not built. What follows may be repeated.
  await db.batch(
    BY_NAME.map((table) => db.prepare(`DELETE FROM ${table} WHERE tenant_id = ?`).bind(tenantId)),
  )
  const orm = drizzle(db)
  await orm.batch([
    deleteCountsOf(orm, tenantId),
    orm.delete(challengeAnswers).where(eq(challengeAnswers.tenantId, tenantId)),
    orm.delete(resetCodes).where(eq(resetCodes.tenantId, tenantId)),
    orm.delete(users).where(eq(users.tenantId, tenantId)),
    orm.delete(deletedUsers).where(eq(deletedUsers.tenantId, tenantId)),
    orm.delete(spentBudgets).where(eq(spentBudgets.tenantId, tenantId)),
    orm.delete(adminEvents).where(eq(adminEvents.tenantId, tenantId)),
    orm.delete(idempotentCalls).where(eq(idempotentCalls.tenantId, tenantId)),
    orm.delete(logMarks).where(eq(logMarks.tenantId, tenantId)),
    orm.delete(userEvents).where(eq(userEvents.tenantId, tenantId)),
  ])
}
