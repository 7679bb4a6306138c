import { app } from './app.ts'
import { consumeDeliveries } from './delivery/consumer.ts'

export { TenantLimiter } from './limits/tenant-limiter.ts'

export default { fetch: app.fetch, queue: consumeDeliveries } satisfies ExportedHandler<Env>
