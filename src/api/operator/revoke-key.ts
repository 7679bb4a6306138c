import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { OperatorEnv } from '../../http/app-env.ts'
import { revokeKey as revoke } from '../../tenants/api-key-store.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'

/** `DELETE /operator/v1/tenants/{id}/keys/{accessID}`: effective within 30 seconds everywhere. */
export async function revokeKey(c: Context<OperatorEnv>): Promise<Response> {
  const { id = '', accessId = '' } = c.req.param() as { id?: string; accessId?: string }
  if (!(await revoke(c.env.DB, id, accessId, c.get('now')))) {
    throw new HTTPException(404, { message: 'The tenant has no such live key.' })
  }
  forgetCatalogue()
  return c.body(null, 204)
}
