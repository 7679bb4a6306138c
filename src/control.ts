import { newApp } from './app.ts'
import { background, controlPlane } from './control-plane.ts'

/** The Worker of the control plane: `rescind-control`, which consumes the queues besides. */

export default { fetch: newApp(controlPlane).fetch, ...background } satisfies ExportedHandler<Env>
