import { newApp } from './app.ts'
import { controlPlane } from './control-plane.ts'

/** The Worker of the control plane: `rescind-control`. */

export default { fetch: newApp(controlPlane).fetch } satisfies ExportedHandler<Env>
