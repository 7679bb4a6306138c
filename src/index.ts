import { app } from './app.ts'
import { consumeDeliveries } from './delivery/consumer.ts'
import { maintain } from './maintenance.ts'

export { TenantLimiter } from './limits/tenant-limiter.ts'

export default {
  fetch: app.fetch,
  queue: consumeDeliveries,
  scheduled: maintain,
} satisfies ExportedHandler<Env>
