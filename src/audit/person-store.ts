import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { statementsOf, type Orm } from '../database/prepared-batch.ts'
import { adminEvents } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import { newEventId, type Actor } from './admin-event.ts'

/** The statements of persons and of what they do beside codes and users. Each function is one round trip. */

type Person = { id: string; name: string; email: string | null }

/** Records that a person has signed in, and what they are called now: events name them by their id. */
export async function recordSignIn(
  { db, tenantId, now }: TenantScope,
  { person, sourceIp, requestId }: Omit<Actor, 'accessId'> & { person: Person },
): Promise<void> {
  const { id, name, email } = person
  const event = eventOf(drizzle(db), { tenantId, now }, { accessId: id, sourceIp, requestId }, SIGNED_IN)
  await db.batch([
    db
      .prepare(
        `INSERT INTO console_persons (tenant_id, id, name, email, first_seen_at, last_seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5)
         ON CONFLICT (tenant_id, id) DO UPDATE SET name = ?3, email = ?4, last_seen_at = ?5`,
      )
      .bind(tenantId, id, name, email, now),
    ...statementsOf(db, [event]),
  ])
}

/** What a person does: `target` is what it is done to, by its id or in a few words of ours. */
export type PersonAct = { action: string; target: string; result: string }

const SIGNED_IN: PersonAct = { action: 'console.sign-in', target: '', result: 'done' }

/** Records what a person does or is about to do. @returns the id of the event. */
export async function recordPersonAct(
  { db, tenantId, now }: TenantScope,
  actor: Actor,
  act: PersonAct,
): Promise<string> {
  const id = newEventId(now)
  await eventOf(drizzle(db), { tenantId, now }, actor, act, id)
  return id
}

/** Notes what became of what a person was about to do, and to what. */
export async function settlePersonAct(
  { db, tenantId }: TenantScope,
  id: string,
  settled: Pick<PersonAct, 'result' | 'target'>,
): Promise<void> {
  await drizzle(db)
    .update(adminEvents)
    .set(settled)
    .where(and(eq(adminEvents.tenantId, tenantId), eq(adminEvents.id, id)))
}

function eventOf(
  orm: Orm,
  { tenantId, now }: Omit<TenantScope, 'db'>,
  { accessId, sourceIp, requestId }: Actor,
  { action, target, result }: PersonAct,
  id = newEventId(now),
) {
  return orm.insert(adminEvents).values({
    tenantId,
    id,
    occurredAt: now,
    accessId,
    action,
    mode: null,
    userId: null,
    target,
    result,
    sourceIp,
    requestId,
  })
}
