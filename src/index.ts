import { app } from './app.ts'
import { consumeDeliveries } from './delivery/consumer.ts'
import { maintain } from './maintenance.ts'
import { consumeWebhooks, SLOW_WEBHOOKS, WEBHOOKS } from './webhooks/consumer.ts'

export { TenantLimiter } from './limits/tenant-limiter.ts'

export default {
  fetch: app.fetch,
  queue(batch, env) {
    const isOfWebhooks = [WEBHOOKS, SLOW_WEBHOOKS].includes(batch.queue)
    return isOfWebhooks ? consumeWebhooks(batch, env) : consumeDeliveries(batch, env)
  },
  scheduled: maintain,
} satisfies ExportedHandler<Env>
