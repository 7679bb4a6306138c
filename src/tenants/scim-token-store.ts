import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { scimTokens, tenants } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { tenantColumns, tenantOfRow } from './tenant-store.ts'
import type { Tenant } from './tenant.ts'

/** The statements of the catalogue's SCIM tokens. Each function is one round trip. */

/** Live tokens that a tenant may have at once: one for each product, and one to change over to. */
export const LIVE_SCIM_TOKENS_MAX = 5

export type ScimToken = {
  id: string
  /** SHA-256 of the token, base64url. */
  digest: string
  description: string
  createdAt: number
}

const tokenColumns = {
  id: scimTokens.id,
  digest: scimTokens.digest,
  description: scimTokens.description,
  createdAt: scimTokens.createdAt,
}

/** A live token and its tenant, whose id the token alone decides. */
export async function findLiveScimToken(
  db: D1Database,
  id: string,
): Promise<{ token: ScimToken; tenant: Tenant } | undefined> {
  const row = await drizzle(db)
    .select({ token: tokenColumns, tenant: tenantColumns })
    .from(scimTokens)
    .innerJoin(tenants, eq(tenants.id, scimTokens.tenantId))
    .where(and(eq(scimTokens.id, id), isNull(scimTokens.revokedAt)))
    .get()
  return row && { token: row.token, tenant: tenantOfRow(row.tenant) }
}

export function listLiveScimTokens(db: D1Database, tenantId: string): Promise<ScimToken[]> {
  return drizzle(db)
    .select(tokenColumns)
    .from(scimTokens)
    .where(and(eq(scimTokens.tenantId, tenantId), isNull(scimTokens.revokedAt)))
    .orderBy(asc(scimTokens.createdAt), asc(scimTokens.id))
}

/**
 * Stores a token while the tenant exists and has fewer than {@link LIVE_SCIM_TOKENS_MAX}, counted in the same
 * statement.
 *
 * @returns whether it was stored.
 */
export async function insertScimToken(db: D1Database, tenantId: string, token: ScimToken): Promise<boolean> {
  const row = { ...token, tenantId, revokedAt: null }
  const live = sql`SELECT count(*) FROM ${scimTokens}
    WHERE ${scimTokens.tenantId} = ${tenantId} AND ${scimTokens.revokedAt} IS NULL`
  const source = sql`WHERE EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.id} = ${tenantId})
    AND (${live}) < ${LIVE_SCIM_TOKENS_MAX}`
  const stored = await drizzle(db)
    .insert(scimTokens)
    .select(selectRow(scimTokens, row, source))
    .returning({ id: scimTokens.id })
  return stored.length === 1
}

/** @returns whether there was such a live token. */
export async function revokeScimToken(db: D1Database, tenantId: string, id: string, now: number) {
  const revoked = await drizzle(db)
    .update(scimTokens)
    .set({ revokedAt: now })
    .where(and(eq(scimTokens.tenantId, tenantId), eq(scimTokens.id, id), isNull(scimTokens.revokedAt)))
    .returning({ id: scimTokens.id })
  return revoked.length === 1
}
