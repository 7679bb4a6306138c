import type { Context } from 'hono'
import type { OperatorEnv } from '../../http/app-env.ts'
import { listLiveKeys } from '../../tenants/api-key-store.ts'
import { keyRecord } from './key-record.ts'
import { requireTenant } from './tenant-record.ts'

/** `GET /operator/v1/tenants/{id}/keys`: the live ones. */
export async function listKeys(c: Context<OperatorEnv>): Promise<Response> {
  const tenant = await requireTenant(c)
  const keys = await listLiveKeys(c.env.DB, tenant.id)
  return c.json({ keys: keys.map((key) => keyRecord(c, tenant, key)) })
}
