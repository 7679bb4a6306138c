import { app } from './app.ts'

export { TenantLimiter } from './limits/tenant-limiter.ts'

export default { fetch: app.fetch } satisfies ExportedHandler<Env>
