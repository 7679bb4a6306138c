import { newApp } from './app.ts'
import { background, backgroundPlane } from './background-plane.ts'
import { controlPlane } from './control-plane.ts'
import { dataPlane } from './data-plane.ts'

/** All Workers in one, for local runs and tests. It is never deployed. */

export { TenantLimiter } from './limits/tenant-limiter.ts'

export const app = newApp(dataPlane, controlPlane, backgroundPlane)

export default { fetch: app.fetch, ...background } satisfies ExportedHandler<Env>
