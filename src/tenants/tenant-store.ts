import { and, asc, eq, gt, inArray, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { consoleSessions } from '../database/console-schema.ts'
import {
  apiKeys,
  oauthClients,
  scimTokens,
  tenantHosts,
  tenants,
  usedAssertions,
} from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { parsePolicy } from './policy.ts'
import type { Tenant } from './tenant.ts'

/** The statements of the catalogue's tenants and hosts. Each function is one round trip. */

type TenantRow = Omit<Tenant, 'hosts' | 'policy' | 'hasLogo'> & {
  hosts: string
  policy: string
  hasLogo: number
}

const logo = sql`${tenants.policy} ->> '$.pages.logo'`

/**
 * Columns that make a tenant, for a select that has `tenants` in its FROM. The logo is left out of the policy: it is
 * larger than all else, and one path alone shows it.
 */
export const tenantColumns = {
  id: tenants.id,
  name: tenants.name,
  policy: sql<string>`json_remove(${tenants.policy}, '$.pages.logo')`,
  hasLogo: sql<number>`${logo} IS NOT NULL`,
  database: tenants.database,
  createdAt: tenants.createdAt,
  hasWebhooks: tenants.hasWebhooks,
  hosts: sql<string>`(SELECT json_group_array(hostname) FROM
    (SELECT hostname FROM tenant_hosts WHERE tenant_id = ${tenants.id} ORDER BY hostname))`,
}

/** @throws {Error} when a stored policy no longer satisfies its schema: our own fault. */
export function tenantOfRow({ hosts, policy, hasLogo, ...rest }: TenantRow): Tenant {
  const parsed = parsePolicy(JSON.parse(policy))
  if (parsed.tag === 'invalid') {
    throw new Error(`stored ${parsed.errors.map(({ member }) => member).join(', ')} is not valid`)
  }
  return { ...rest, hosts: JSON.parse(hosts), policy: parsed.policy, hasLogo: hasLogo === 1 }
}

/** The same with the logo in the policy, for the operator. */
const wholeColumns = { ...tenantColumns, policy: tenants.policy }

/** A tenant with its logo, and its policy as it is stored, to the letter. */
export type StoredTenant = Tenant & { storedPolicy: string }

/** A tenant with its logo, as the operator has put it. */
export async function findTenant(db: D1Database, id: string): Promise<StoredTenant | undefined> {
  const row = await drizzle(db).select(wholeColumns).from(tenants).where(eq(tenants.id, id)).get()
  return row && { ...tenantOfRow(row), storedPolicy: row.policy }
}

export async function findTenantById(db: D1Database, id: string): Promise<Tenant | undefined> {
  const row = await drizzle(db).select(tenantColumns).from(tenants).where(eq(tenants.id, id)).get()
  return row && tenantOfRow(row)
}

/** The logo of a tenant's pages, as a `data:` URL. */
export async function findLogo(db: D1Database, id: string): Promise<string | undefined> {
  const row = await drizzle(db)
    .select({ logo: sql<string | null>`${logo}` })
    .from(tenants)
    .where(eq(tenants.id, id))
    .get()
  return row?.logo ?? undefined
}

export async function findTenantByHost(db: D1Database, hostname: string): Promise<Tenant | undefined> {
  const row = await drizzle(db)
    .select(tenantColumns)
    .from(tenants)
    .innerJoin(tenantHosts, eq(tenantHosts.tenantId, tenants.id))
    .where(eq(tenantHosts.hostname, hostname))
    .get()
  return row && tenantOfRow(row)
}

/** Tenants after the id `after`, in the order of their ids, with their logos. */
export async function listTenants(db: D1Database, after: string, limit: number): Promise<Tenant[]> {
  const rows = await drizzle(db)
    .select(wholeColumns)
    .from(tenants)
    .where(gt(tenants.id, after))
    .orderBy(asc(tenants.id))
    .limit(limit)
  return rows.map(tenantOfRow)
}

/** What the operator decides about a tenant; the policy as sent, without defaults. */
export type TenantWrite = Pick<Tenant, 'id' | 'name' | 'hosts' | 'database'> & { policy: unknown }

/**
 * Some of all tenants, in turns: as many turns one after another as there are pages of this size have each tenant
 * once.
 */
export async function tenantsOfTurn(db: D1Database, turn: number, size: number): Promise<Tenant[]> {
  const orm = drizzle(db)
  const [counted] = await orm.select({ all: sql<number>`count(*)` }).from(tenants)
  const pages = Math.max(1, Math.ceil((counted?.all ?? 0) / size))
  const rows = await orm
    .select(tenantColumns)
    .from(tenants)
    .orderBy(asc(tenants.id))
    .limit(size)
    .offset((turn % pages) * size)
  return rows.map(tenantOfRow)
}

/**
 * Creates or replaces a tenant and its hosts, all or nothing. The database of an existing tenant
 * stays: its data would not follow.
 *
 * @param endsSessions whether the sessions of its people end with it.
 * @returns `host-taken` when a host belongs to another tenant, `audience-taken` when the grants of another
 *   are for the same audience; nothing is changed then.
 */
export async function putTenant(
  db: D1Database,
  tenant: TenantWrite,
  { now, endsSessions }: { now: number; endsSessions: boolean },
) {
  const orm = drizzle(db)
  const { id, name, hosts, database } = tenant
  const policy = JSON.stringify(tenant.policy)
  // Without its policy in the table, the tenant was refused: all that follows is too.
  const isStored = sql`EXISTS (SELECT 1 FROM ${tenants} WHERE ${tenants.id} = ${id} AND ${tenants.policy} = ${policy})`
  const row = { id, name, policy, database, createdAt: now, hasWebhooks: 0 }
  try {
    const [stored] = await orm.batch([
      orm
        .insert(tenants)
        .select(selectRow(tenants, row, sql`WHERE ${isAudienceFree(id, policy)}`))
        .onConflictDoUpdate({ target: tenants.id, set: { name, policy } })
        .returning({ id: tenants.id }),
      orm.delete(tenantHosts).where(and(eq(tenantHosts.tenantId, id), isStored)),
      ...hosts.map((hostname) =>
        orm
          .insert(tenantHosts)
          .select(selectRow(tenantHosts, { hostname, tenantId: id }, sql`WHERE ${isStored}`)),
      ),
      ...(endsSessions
        ? [orm.delete(consoleSessions).where(and(eq(consoleSessions.tenantId, id), isStored))]
        : []),
    ])
    return stored.length === 1 ? 'stored' : 'audience-taken'
  } catch (error) {
    if (/UNIQUE constraint failed: tenant_hosts/.test(String(error))) return 'host-taken'
    throw error
  }
}

/**
 * Changes name and policy of a tenant that is there, if its policy is still the one that was read: what the operator has
 * set meanwhile stays.
 *
 * @returns whether it was changed.
 */
export async function changeTenant(
  db: D1Database,
  { id, name, policy }: Pick<TenantWrite, 'id' | 'name' | 'policy'>,
  { storedPolicy }: Pick<StoredTenant, 'storedPolicy'>,
): Promise<boolean> {
  const changed = await drizzle(db)
    .update(tenants)
    .set({ name, policy: JSON.stringify(policy) })
    .where(and(eq(tenants.id, id), eq(tenants.policy, storedPolicy)))
    .returning({ id: tenants.id })
  return changed.length === 1
}

/**
 * Whether a tenant may have this policy's audience of grants: no other tenant has it, or the tenant has had
 * it all along. Tenants of earlier versions may share one, and must not be kept from changing the rest.
 */
function isAudienceFree(id: string, policy: string): SQL {
  const audience = (json: SQLWrapper) => sql`${json} ->> '$.redeem.audience'`
  const others = sql`SELECT ${audience(tenants.policy)} FROM ${tenants} WHERE ${tenants.id} <> ${id}
    AND ${audience(tenants.policy)} IS NOT NULL`
  const own = sql`SELECT ${audience(tenants.policy)} FROM ${tenants} WHERE ${tenants.id} = ${id}`
  const wanted = audience(sql`${policy}`)
  return sql`(${wanted}) IS NULL OR (${wanted}) = (${own}) OR (${wanted}) NOT IN (${others})`
}

/** Notes that a tenant has webhooks. It stays noted: an event for nobody costs a message a second at most. */
export async function noteWebhooks(db: D1Database, id: string): Promise<void> {
  await drizzle(db).update(tenants).set({ hasWebhooks: true }).where(eq(tenants.id, id))
}

/** Removes a tenant from the catalogue, with its hosts, keys, clients and tokens. Its data must be gone before. */
export async function deleteTenant(db: D1Database, id: string): Promise<void> {
  const orm = drizzle(db)
  await orm.batch([
    orm.delete(apiKeys).where(eq(apiKeys.tenantId, id)),
    orm
      .delete(usedAssertions)
      .where(
        inArray(
          usedAssertions.clientId,
          orm.select({ id: oauthClients.clientId }).from(oauthClients).where(eq(oauthClients.tenantId, id)),
        ),
      ),
    orm.delete(oauthClients).where(eq(oauthClients.tenantId, id)),
    orm.delete(scimTokens).where(eq(scimTokens.tenantId, id)),
    orm.delete(consoleSessions).where(eq(consoleSessions.tenantId, id)),
    orm.delete(tenantHosts).where(eq(tenantHosts.tenantId, id)),
    orm.delete(tenants).where(eq(tenants.id, id)),
  ])
}
