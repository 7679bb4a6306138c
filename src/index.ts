import { newApp } from './app.ts'
import { dataPlane } from './data-plane.ts'

/** The Worker of the data plane: `rescind`. */

export { TenantLimiter } from './limits/tenant-limiter.ts'

export default { fetch: newApp(dataPlane).fetch } satisfies ExportedHandler<Env>
