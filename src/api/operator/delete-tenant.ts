import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { OperatorEnv } from '../../http/app-env.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { deleteTenant as removeTenant } from '../../tenants/tenant-store.ts'
import { deleteTenantData } from '../../users/tenant-data-store.ts'
import { countUsers } from '../../users/user-count-store.ts'
import { requireDatabase, requireTenant } from './tenant-record.ts'

/** `DELETE /operator/v1/tenants/{id}[?force=true]`: with `force`, all its data goes too. */
export async function deleteTenant(c: Context<OperatorEnv>): Promise<Response> {
  const tenant = await requireTenant(c)
  const db = requireDatabase(c, tenant.database)
  const users = await countUsers(db, tenant.id)
  if (users > 0 && c.req.query('force') !== 'true') {
    throw new HTTPException(409, {
      message: `The tenant has ${users} ${users === 1 ? 'user' : 'users'}. Delete them first, or repeat with ?force=true to delete everything.`,
    })
  }
  await deleteTenantData(db, tenant.id)
  await removeTenant(c.env.DB, tenant.id)
  forgetCatalogue()
  return c.body(null, 204)
}
