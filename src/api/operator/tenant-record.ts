import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { config, databaseBinding } from '../../config.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { withoutSecrets } from '../../tenants/hook-secrets.ts'
import { findTenant } from '../../tenants/tenant-store.ts'
import { adminRestApiUrl, type Tenant } from '../../tenants/tenant.ts'

/** What the endpoints of tenants have in common. */

/** @throws {HTTPException} 404 when the path names no tenant. */
export async function requireTenant(c: Context<OperatorEnv>): Promise<Tenant> {
  const tenant = await findTenant(c.env.DB, c.req.param('id') ?? '')
  if (tenant === undefined) throw new HTTPException(404, { message: 'There is no such tenant.' })
  return tenant
}

/** @throws {HTTPException} 400 when the Worker has no such database. */
export function requireDatabase(c: Context<OperatorEnv>, database: string): D1Database {
  const db = databaseBinding(c.env, database)
  if (db !== undefined) return db
  throw new HTTPException(400, { message: 'database must be the name of a D1 binding of this Worker.' })
}

/** A tenant as the operator sees it. */
export function tenantRecord(c: Context<OperatorEnv>, tenant: Omit<Tenant, 'hasWebhooks' | 'hasLogo'>) {
  const { id, name, hosts, database, policy, createdAt } = tenant
  return {
    id,
    name,
    hosts,
    database,
    policy: withoutSecrets(policy),
    adminRestApiUrl: adminRestApiUrl(tenant, config(c.env).baseUrl),
    createdAt: new Date(createdAt).toISOString(),
  }
}
