import { newApp } from './app.ts'
import { background, backgroundPlane } from './background-plane.ts'

/** The Worker of what no person waits for: `rescind-background`. */

export default { fetch: newApp(backgroundPlane).fetch, ...background } satisfies ExportedHandler<Env>
