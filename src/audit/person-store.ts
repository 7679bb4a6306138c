import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { consolePersons } from '../database/console-schema.ts'
import type { Orm } from '../database/prepared-batch.ts'
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
  const orm = drizzle(db)
  const { id, name, email } = person
  await orm.batch([
    orm
      .insert(consolePersons)
      .values({ tenantId, id, name, email, firstSeenAt: now, lastSeenAt: now })
      .onConflictDoUpdate({
        target: [consolePersons.tenantId, consolePersons.id],
        set: { name, email, lastSeenAt: now },
      }),
    eventOf(orm, { tenantId, now }, { accessId: id, sourceIp, requestId }, SIGNED_IN),
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

/** The statement that forgets persons who have not signed in for so long that no event of theirs is left. */
export function forgetPersons(db: D1Database, tenantId: string, before: number): D1PreparedStatement {
  return db
    .prepare('DELETE FROM console_persons WHERE tenant_id = ?1 AND last_seen_at < ?2')
    .bind(tenantId, before)
}
