import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { OperatorEnv } from '../../http/app-env.ts'
import { listTenants } from '../../tenants/tenant-store.ts'
import { tenantRecord } from './tenant-record.ts'

const PAGE_SIZE_MAX = 100

/** `GET /operator/v1/tenants?after=ID&limit=N`: tenants in the order of their ids. */
export async function getTenants(c: Context<OperatorEnv>): Promise<Response> {
  const limit = Number(c.req.query('limit') ?? PAGE_SIZE_MAX)
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_SIZE_MAX) {
    throw new HTTPException(400, { message: `limit must be a whole number from 1 to ${PAGE_SIZE_MAX}.` })
  }
  const tenants = await listTenants(c.env.DB, c.req.query('after') ?? '', limit)
  return c.json({ tenants: tenants.map((tenant) => tenantRecord(c, tenant)) })
}
