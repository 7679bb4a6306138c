import type { TenantScope } from '../database/scope.ts'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { recordEventOf } from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import { statementsOf } from '../database/prepared-batch.ts'
import { users } from '../database/schema.ts'
import type { CodeCaps } from './code-store.ts'
import { voidCodesOfAll } from './void-store.ts'

/**
 * The statements by which a user stops what is done in their name, and a super-admin lets it go on. A freeze is in the
 * row of the user, which every issue reads anyway.
 */

/** A user's word that a code was not for them. */
export type Report = {
  userId: string
  codeId: string
  /** For how long no administrator gets a code for the user. */
  freezeMs: number
  /** Until when the same code can be reported, epoch ms. */
  expiresAt: number
  /** The hash of the network that reported it, see audit/network-hash.ts. */
  network: string | null
}

/** Of any number of reports of one code, the first alone is this one. */
const IS_FIRST = `EXISTS (SELECT 1 FROM desk_reports WHERE tenant_id = ?1 AND code_id = ?2 AND press_id = ?3)`

/**
 * Ends every code of the user, freezes the user, and records that they have reported the code: all of it once for each
 * code, so that an old link freezes nobody again whom a super-admin has let go.
 */
export async function reportCode(scope: TenantScope & CodeCaps, report: Report): Promise<void> {
  const { db, tenantId, now } = scope
  const { userId, codeId, freezeMs, expiresAt, network } = report
  const pressId = crypto.randomUUID()
  const statement = (text: string, ...more: unknown[]) =>
    db.prepare(text).bind(tenantId, codeId, pressId, userId, ...more)
  // Who is marked as deleted has no codes, and gets none by this.
  const mine = sql`(SELECT u.id FROM desk_reports r JOIN users u ON u.tenant_id = r.tenant_id AND u.id = r.user_id
    WHERE r.tenant_id = ${tenantId} AND r.code_id = ${codeId} AND r.press_id = ${pressId})`
  await db.batch([
    statement(
      `INSERT INTO desk_reports (tenant_id, code_id, user_id, press_id, reported_at, expires_at)
       SELECT ?1, ?2, ?4, ?3, ?5, ?6 WHERE EXISTS (SELECT 1 FROM users WHERE tenant_id = ?1 AND id = ?4)
         OR EXISTS (SELECT 1 FROM deleted_users WHERE tenant_id = ?1 AND id = ?4) ON CONFLICT DO NOTHING`,
      now,
      expiresAt,
    ),
    statement(
      `INSERT INTO user_events (tenant_id, occurred_at, id, user_id, action, reason, last_at, networks)
       SELECT ?1, ?5, 'reported:' || ?2, ?4, 'reported', iif(EXISTS (SELECT 1
           FROM user_events INDEXED BY user_events_by_user WHERE tenant_id = ?1 AND user_id = ?4 AND seq > 0
             AND id = 'redeemed:' || ?2), 'redeemed', ''), ?5, ?6
       WHERE ${IS_FIRST}`,
      now,
      network,
    ),
    // Who marks a user as deleted, and restores them, does not get by it what they have reported meanwhile.
    ...['users', 'deleted_users'].map((table) =>
      statement(
        `UPDATE ${table} SET frozen_until = max(coalesce(frozen_until, 0), ?5)
         WHERE tenant_id = ?1 AND id = ?4 AND ${IS_FIRST}`,
        now + freezeMs,
      ),
    ),
    ...statementsOf(db, [voidCodesOfAll(drizzle(db), scope, mine)]),
  ])
}

/**
 * Lets codes be issued for a user again.
 *
 * @param reason in the words of the super-admin: it is kept with the event.
 */
export async function unfreeze(
  scope: TenantScope,
  actor: Actor,
  userId: string,
  reason: string,
): Promise<'lifted' | 'not-frozen' | 'unknown'> {
  const { db, tenantId, now } = scope
  const orm = drizzle(db)
  const isFrozen = sql`${users.tenantId} = ${tenantId} AND ${users.id} = ${userId} AND ${users.frozenUntil} > ${now}`
  const [found, , lifted] = await db.batch<{ id: string }>([
    db.prepare('SELECT id FROM users WHERE tenant_id = ? AND id = ?').bind(tenantId, userId),
    ...statementsOf(db, [
      recordEventOf(
        orm,
        scope,
        actor,
        { action: 'user.unfreeze', reason },
        sql`FROM ${users} WHERE ${isFrozen}`,
      ),
      orm.update(users).set({ frozenUntil: null }).where(isFrozen).returning({ id: users.id }),
    ]),
  ])
  if (found?.results.length === 0) return 'unknown'
  return lifted?.results.length === 1 ? 'lifted' : 'not-frozen'
}
