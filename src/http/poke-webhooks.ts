import { createMiddleware } from 'hono/factory'
import type { Tenant } from '../tenants/tenant.ts'
import { pokeWebhooks } from '../webhooks/poke.ts'
import type { AppEnv } from './app-env.ts'

/**
 * Tells the consumer of webhooks of every request that may have changed something, once it is answered: of all but
 * those that a limit has refused, so that a flood of them costs nothing here.
 */
export function pokeWebhooksOfTenant() {
  return createMiddleware<AppEnv & { Variables: { tenant?: Tenant } }>(
    async function pokeWebhooksOfTenant(c, next) {
      await next()
      const tenant = c.get('tenant')
      if (tenant?.hasWebhooks === true && c.req.method !== 'GET' && c.res.status !== 429) {
        c.executionCtx.waitUntil(pokeWebhooks(c.env.WEBHOOKS, tenant))
      }
    },
  )
}
