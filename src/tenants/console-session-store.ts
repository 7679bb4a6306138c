import { and, desc, eq, gt, inArray, isNull, lt, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { consoleSessions } from '../database/console-schema.ts'
import type { Orm } from '../database/prepared-batch.ts'
import { tenants, type usedAssertions } from '../database/schema.ts'
import { assertionStatements } from './oauth-client-store.ts'
import { tenantColumns, tenantOfRow } from './tenant-store.ts'
import type { Tenant } from './tenant.ts'

/** The statements of the sessions of people in the console. Each function is one round trip. */

/** A session that is not used for so long has ended, and none is older than that. */
export const IDLE_MAX_MS = 30 * 60_000
export const AGE_MAX_MS = 8 * 3_600_000
/** Live sessions that one person may have at once: the oldest ends for an eleventh. */
export const SESSIONS_OF_PERSON_MAX = 10
/** Sessions that a list shows. */
const LISTED_MAX = 500

export type ConsoleSession = Omit<typeof consoleSessions.$inferSelect, 'tenantId' | 'endedAt'>

const sessionColumns = {
  id: consoleSessions.id,
  digest: consoleSessions.digest,
  personId: consoleSessions.personId,
  name: consoleSessions.name,
  email: consoleSessions.email,
  issuer: consoleSessions.issuer,
  roleValue: consoleSessions.roleValue,
  providerSession: consoleSessions.providerSession,
  authenticatedAt: consoleSessions.authenticatedAt,
  browser: consoleSessions.browser,
  createdAt: consoleSessions.createdAt,
  lastSeenAt: consoleSessions.lastSeenAt,
  expiresAt: consoleSessions.expiresAt,
}

/** A session that nobody has ended, and its tenant, whose id the session alone decides. Whether it has expired, who reads it says. */
export async function findSession(
  db: D1Database,
  id: string,
): Promise<{ session: ConsoleSession; tenant: Tenant } | undefined> {
  const row = await drizzle(db)
    .select({ session: sessionColumns, tenant: tenantColumns })
    .from(consoleSessions)
    .innerJoin(tenants, eq(tenants.id, consoleSessions.tenantId))
    .where(and(eq(consoleSessions.id, id), isNull(consoleSessions.endedAt)))
    .get()
  return row && { session: row.session, tenant: tenantOfRow(row.tenant) }
}

/** Notes that a session was used now. One that has ended or expired meanwhile stays so. */
export async function touchSession(
  db: D1Database,
  tenantId: string,
  { id, now }: { id: string; now: number },
): Promise<void> {
  await drizzle(db)
    .update(consoleSessions)
    .set({ lastSeenAt: now })
    .where(and(isLive(tenantId, now), eq(consoleSessions.id, id), lt(consoleSessions.lastSeenAt, now)))
}

/** Stores a session, and ends the oldest of the person beyond {@link SESSIONS_OF_PERSON_MAX}, in one transaction. */
export async function insertSession(
  db: D1Database,
  tenantId: string,
  session: ConsoleSession,
): Promise<void> {
  const orm = drizzle(db)
  const { personId, createdAt: now } = session
  const newest = orm
    .select({ id: consoleSessions.id })
    .from(consoleSessions)
    .where(and(isLive(tenantId, now), eq(consoleSessions.personId, personId)))
    .orderBy(desc(consoleSessions.createdAt), desc(consoleSessions.id))
    .limit(SESSIONS_OF_PERSON_MAX)
  await orm.batch([
    orm.insert(consoleSessions).values({ ...session, tenantId, endedAt: null }),
    orm
      .update(consoleSessions)
      .set({ endedAt: now })
      .where(
        and(
          isLive(tenantId, now),
          eq(consoleSessions.personId, personId),
          sql`${consoleSessions.id} NOT IN (${newest})`,
        ),
      ),
  ])
}

/** The live sessions of a tenant, or of one person of it, newest first. */
export function listSessions(
  db: D1Database,
  tenantId: string,
  { personId, now }: { personId: string | undefined; now: number },
): Promise<ConsoleSession[]> {
  const whose = personId === undefined ? undefined : eq(consoleSessions.personId, personId)
  return drizzle(db)
    .select(sessionColumns)
    .from(consoleSessions)
    .where(and(isLive(tenantId, now), whose))
    .orderBy(desc(consoleSessions.createdAt), desc(consoleSessions.id))
    .limit(LISTED_MAX)
}

/**
 * Ends a live session; with `personId`, only one of that person.
 *
 * @returns whose it was; nothing where there is no such live session.
 */
export async function endSession(
  db: D1Database,
  tenantId: string,
  { id, personId, now }: { id: string; personId?: string | undefined; now: number },
): Promise<{ personId: string; name: string } | undefined> {
  const whose = personId === undefined ? undefined : eq(consoleSessions.personId, personId)
  const [ended] = await drizzle(db)
    .update(consoleSessions)
    .set({ endedAt: now })
    .where(and(isLive(tenantId, now), eq(consoleSessions.id, id), whose))
    .returning({ personId: consoleSessions.personId, name: consoleSessions.name })
  return ended
}

/** What a provider says has ended: one session of it, or all of a person. */
export type ProviderLogout = { issuer: string } & ({ providerSession: string } | { personId: string })

/**
 * Ends the sessions that have come from what has ended at the provider, and uses up the token that says so, in one
 * transaction: a token that was used and has ended nothing could not be sent again.
 *
 * @returns nothing is done and `false`, where the token was used before.
 */
export async function endSessionsOfProvider(
  db: D1Database,
  tenantId: string,
  logout: ProviderLogout,
  token: Pick<typeof usedAssertions.$inferInsert, 'jtiDigest' | 'expiresAt'>,
  now: number,
): Promise<boolean> {
  const whose =
    'providerSession' in logout
      ? eq(consoleSessions.providerSession, logout.providerSession)
      : eq(consoleSessions.personId, logout.personId)
  const orm = drizzle(db)
  const assertion = { clientId: `console-logout ${tenantId}`, ...token }
  const { forgets, uses, isUnused } = assertionStatements(orm, assertion, now)
  const ends = orm
    .update(consoleSessions)
    .set({ endedAt: now })
    .where(and(isLive(tenantId, now), eq(consoleSessions.issuer, logout.issuer), whose, isUnused))
  const [, , used] = await orm.batch([forgets, ends, uses])
  return used.length === 1
}

/** The statement that forgets some of the sessions that have expired. */
export function purgeSessions(orm: Orm, now: number, most: number) {
  const old = orm
    .select({ id: consoleSessions.id })
    .from(consoleSessions)
    .where(lt(consoleSessions.expiresAt, now))
    .limit(most)
  return orm
    .delete(consoleSessions)
    .where(inArray(consoleSessions.id, old))
    .returning({ id: consoleSessions.id })
}

function isLive(tenantId: string, now: number) {
  return and(
    eq(consoleSessions.tenantId, tenantId),
    isNull(consoleSessions.endedAt),
    gt(consoleSessions.expiresAt, now),
    gt(consoleSessions.lastSeenAt, now - IDLE_MAX_MS),
  )
}
