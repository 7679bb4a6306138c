import { createMiddleware } from 'hono/factory'
import type { Tenant } from '../tenants/tenant.ts'
import { pokeWebhooks } from '../webhooks/poke.ts'
import type { AppEnv } from './app-env.ts'

/**
 * Tells the consumer of webhooks of every request that may have changed something, once it is answered. Whatever the
 * answer: nobody learns from its time what happened.
 */
export function pokeWebhooksOfTenant() {
  return createMiddleware<AppEnv & { Variables: { tenant?: Tenant } }>(
    async function pokeWebhooksOfTenant(c, next) {
      await next()
      const tenant = c.get('tenant')
      if (tenant !== undefined && c.req.method !== 'GET') {
        c.executionCtx.waitUntil(pokeWebhooks(c.env.WEBHOOKS, tenant))
      }
    },
  )
}
