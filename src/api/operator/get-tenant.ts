import type { Context } from 'hono'
import type { OperatorEnv } from '../../http/app-env.ts'
import { requireTenant, tenantRecord } from './tenant-record.ts'

/** `GET /operator/v1/tenants/{id}` */
export async function getTenant(c: Context<OperatorEnv>): Promise<Response> {
  return c.json(tenantRecord(c, await requireTenant(c)))
}
