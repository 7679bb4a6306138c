import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { JWK } from 'jose'
import { apiKeys, tenants } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { tenantColumns, tenantOfRow } from './tenant-store.ts'
import type { Tenant } from './tenant.ts'
import type { Role } from './role.ts'

/** The statements of the catalogue's API keys. Each function is one round trip. */

/** Live keys a tenant may have at once, as in the vendor's console. */
export const LIVE_KEYS_MAX = 10

export type ApiKey = {
  accessId: string
  publicJwk: JWK
  role: Role
  description: string
  createdAt: number
}

const keyColumns = {
  accessId: apiKeys.accessId,
  publicJwk: apiKeys.publicJwk,
  role: apiKeys.role,
  description: apiKeys.description,
  createdAt: apiKeys.createdAt,
}

/** A live key and its tenant, whose id the key alone decides. */
export async function findLiveKey(
  db: D1Database,
  accessId: string,
): Promise<{ key: ApiKey; tenant: Tenant } | undefined> {
  const row = await drizzle(db)
    .select({ key: keyColumns, tenant: tenantColumns })
    .from(apiKeys)
    .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
    .where(and(eq(apiKeys.accessId, accessId), isNull(apiKeys.revokedAt)))
    .get()
  return row && { key: keyOfRow(row.key), tenant: tenantOfRow(row.tenant) }
}

export async function listLiveKeys(db: D1Database, tenantId: string): Promise<ApiKey[]> {
  const rows = await drizzle(db)
    .select(keyColumns)
    .from(apiKeys)
    .where(and(eq(apiKeys.tenantId, tenantId), isNull(apiKeys.revokedAt)))
    .orderBy(asc(apiKeys.createdAt), asc(apiKeys.accessId))
  return rows.map(keyOfRow)
}

/**
 * Stores a key while the tenant exists and has fewer than {@link LIVE_KEYS_MAX}: counted in the same
 * statement, so that parallel calls cannot pass the bound together.
 *
 * @returns whether it was stored.
 */
export async function insertKey(db: D1Database, tenantId: string, key: ApiKey): Promise<boolean> {
  const row = { ...key, publicJwk: JSON.stringify(key.publicJwk), tenantId, revokedAt: null }
  const live = sql`SELECT count(*) FROM ${apiKeys}
    WHERE ${apiKeys.tenantId} = ${tenantId} AND ${apiKeys.revokedAt} IS NULL`
  const source = sql`WHERE EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.id} = ${tenantId})
    AND (${live}) < ${LIVE_KEYS_MAX}`
  const stored = await drizzle(db)
    .insert(apiKeys)
    .select(selectRow(apiKeys, row, source))
    .returning({ accessId: apiKeys.accessId })
  return stored.length === 1
}

/** Whether the tenant has, or had, such a key. */
export async function isKeyOf(db: D1Database, tenantId: string, accessId: string): Promise<boolean> {
  const key = await drizzle(db)
    .select({ accessId: apiKeys.accessId })
    .from(apiKeys)
    .where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.accessId, accessId)))
    .get()
  return key !== undefined
}

/** @returns whether there was such a live key. */
export async function revokeKey(db: D1Database, tenantId: string, accessId: string, now: number) {
  const revoked = await drizzle(db)
    .update(apiKeys)
    .set({ revokedAt: now })
    .where(and(eq(apiKeys.tenantId, tenantId), eq(apiKeys.accessId, accessId), isNull(apiKeys.revokedAt)))
    .returning({ accessId: apiKeys.accessId })
  return revoked.length === 1
}

function keyOfRow({ publicJwk, ...rest }: Omit<ApiKey, 'publicJwk'> & { publicJwk: string }): ApiKey {
  return { ...rest, publicJwk: JSON.parse(publicJwk) }
}
