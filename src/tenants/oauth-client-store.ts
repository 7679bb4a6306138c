import { and, asc, eq, isNull, lte, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { JSONWebKeySet } from 'jose'
import type { Orm } from '../database/prepared-batch.ts'
import { oauthClients, tenants, usedAssertions } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { isScope, type Scope } from './scope.ts'
import { tenantColumns, tenantOfRow } from './tenant-store.ts'
import type { Tenant } from './tenant.ts'

/** The statements of the catalogue's OAuth clients. Each function is one round trip. */

/** Live clients that a tenant may have at once. */
export const LIVE_CLIENTS_MAX = 10

export type OAuthClient = {
  clientId: string
  /** Public keys alone. */
  jwks: JSONWebKeySet
  scopes: readonly Scope[]
  description: string
  createdAt: number
}

const clientColumns = {
  clientId: oauthClients.clientId,
  jwks: oauthClients.jwks,
  scopes: oauthClients.scopes,
  description: oauthClients.description,
  createdAt: oauthClients.createdAt,
}

/** A live client and its tenant, whose id the client alone decides. */
export async function findLiveClient(
  db: D1Database,
  clientId: string,
): Promise<{ client: OAuthClient; tenant: Tenant } | undefined> {
  const row = await drizzle(db)
    .select({ client: clientColumns, tenant: tenantColumns })
    .from(oauthClients)
    .innerJoin(tenants, eq(tenants.id, oauthClients.tenantId))
    .where(and(eq(oauthClients.clientId, clientId), isNull(oauthClients.revokedAt)))
    .get()
  return row && { client: clientOfRow(row.client), tenant: tenantOfRow(row.tenant) }
}

export async function listLiveClients(db: D1Database, tenantId: string): Promise<OAuthClient[]> {
  const rows = await drizzle(db)
    .select(clientColumns)
    .from(oauthClients)
    .where(and(eq(oauthClients.tenantId, tenantId), isNull(oauthClients.revokedAt)))
    .orderBy(asc(oauthClients.createdAt), asc(oauthClients.clientId))
  return rows.map(clientOfRow)
}

/**
 * Stores a client while the tenant exists and has fewer than {@link LIVE_CLIENTS_MAX}: counted in the same
 * statement, so that parallel calls cannot pass the bound together.
 *
 * @returns whether it was stored.
 */
export async function insertClient(db: D1Database, tenantId: string, client: OAuthClient): Promise<boolean> {
  const row = { ...client, ...textsOf(client), tenantId, revokedAt: null }
  const live = sql`SELECT count(*) FROM ${oauthClients}
    WHERE ${oauthClients.tenantId} = ${tenantId} AND ${oauthClients.revokedAt} IS NULL`
  const source = sql`WHERE EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.id} = ${tenantId})
    AND (${live}) < ${LIVE_CLIENTS_MAX}`
  const stored = await drizzle(db)
    .insert(oauthClients)
    .select(selectRow(oauthClients, row, source))
    .returning({ clientId: oauthClients.clientId })
  return stored.length === 1
}

/** Replaces the keys, the scopes and the description of a live client. */
export async function replaceClient(
  db: D1Database,
  tenantId: string,
  clientId: string,
  changes: Pick<OAuthClient, 'jwks' | 'scopes' | 'description'>,
): Promise<OAuthClient | undefined> {
  const [row] = await drizzle(db)
    .update(oauthClients)
    .set({ ...textsOf(changes), description: changes.description })
    .where(isLiveClient(tenantId, clientId))
    .returning(clientColumns)
  return row && clientOfRow(row)
}

/** @returns whether there was such a live client. */
export async function revokeClient(db: D1Database, tenantId: string, clientId: string, now: number) {
  const revoked = await drizzle(db)
    .update(oauthClients)
    .set({ revokedAt: now })
    .where(isLiveClient(tenantId, clientId))
    .returning({ clientId: oauthClients.clientId })
  return revoked.length === 1
}

/**
 * Uses up an assertion: of any number of parallel calls with one, exactly one is told so. Forgets those of the
 * client that have expired, so that a client fills no more than it may ask for while one lives.
 */
export async function useAssertion(
  db: D1Database,
  assertion: typeof usedAssertions.$inferInsert,
  now: number,
): Promise<boolean> {
  const { forgets, uses } = assertionStatements(drizzle(db), assertion, now)
  const [, used] = await drizzle(db).batch([forgets, uses])
  return used.length === 1
}

/** The statements of {@link useAssertion}, for a transaction with what it is used for, which `isUnused` guards before `uses`. */
export function assertionStatements(
  orm: Orm,
  { clientId, jtiDigest, expiresAt }: typeof usedAssertions.$inferInsert,
  now: number,
) {
  return {
    forgets: orm
      .delete(usedAssertions)
      .where(and(eq(usedAssertions.clientId, clientId), lte(usedAssertions.expiresAt, now))),
    uses: orm
      .insert(usedAssertions)
      .values({ clientId, jtiDigest, expiresAt })
      .onConflictDoNothing()
      .returning({ clientId: usedAssertions.clientId }),
    isUnused: sql`NOT EXISTS (SELECT 1 FROM ${usedAssertions}
      WHERE ${usedAssertions.clientId} = ${clientId} AND ${usedAssertions.jtiDigest} = ${jtiDigest})`,
  }
}

/** The statement that forgets some of the assertions that have expired: those of clients that ask for nothing any more. */
export function purgeAssertions(orm: Orm, now: number, most: number) {
  const old = sql`SELECT client_id, jti_digest FROM ${usedAssertions} WHERE expires_at <= ${now} LIMIT ${most}`
  return orm
    .delete(usedAssertions)
    .where(sql`(${usedAssertions.clientId}, ${usedAssertions.jtiDigest}) IN (${old})`)
    .returning({ clientId: usedAssertions.clientId })
}

function isLiveClient(tenantId: string, clientId: string) {
  return and(
    eq(oauthClients.tenantId, tenantId),
    eq(oauthClients.clientId, clientId),
    isNull(oauthClients.revokedAt),
  )
}

function textsOf({ jwks, scopes }: Pick<OAuthClient, 'jwks' | 'scopes'>) {
  return { jwks: JSON.stringify(jwks), scopes: scopes.join(' ') }
}

type ClientRow = Pick<typeof oauthClients.$inferSelect, keyof typeof clientColumns>

function clientOfRow({ jwks, scopes, ...rest }: ClientRow): OAuthClient {
  return { ...rest, jwks: JSON.parse(jwks), scopes: scopes.split(' ').filter(isScope) }
}
