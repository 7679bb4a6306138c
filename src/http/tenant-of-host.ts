import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { TenantEnv } from './app-env.ts'
import { tenantOfHost } from '../tenants/catalogue.ts'

/**
 * Sets the tenant whose host name the request came to.
 *
 * @throws {HTTPException} 404 when no tenant has it.
 */
export function requireTenantOfHost() {
  return createMiddleware<TenantEnv>(async function requireTenantOfHost(c, next) {
    const tenant = await tenantOfHost(c.env.DB, new URL(c.req.url).hostname)
    if (tenant === undefined) throw new HTTPException(404, { message: 'No tenant has this host name.' })
    c.get('log').tenantId = tenant.id
    c.set('tenant', tenant)
    await next()
  })
}
