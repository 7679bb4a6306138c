import { operatorRoutes } from './api/operator/routes.ts'
import { pageErrors } from './api/pages/errors.ts'
import { reportRoutes } from './api/pages/report-routes.ts'
import type { Plane } from './app.ts'
import { consumeDeliveries } from './delivery/consumer.ts'
import { maintain } from './maintenance.ts'
import { consumeWebhooks, SLOW_WEBHOOKS, WEBHOOKS } from './webhooks/consumer.ts'

/** What the operator of the service calls, and the page on which users report a code. Its prefixes are the routes of its Worker in wrangler.toml. */
export const controlPlane: Plane = {
  errors: [['/v/', pageErrors]],
  largeBodies: [],
  mount(app) {
    app.route('/operator/v1', operatorRoutes)
    app.route('/v/report', reportRoutes)
  },
}

/** What happens behind the requests: the queues, and what the cron trigger runs. */
export const background = {
  queue(batch, env) {
    const isOfWebhooks = [WEBHOOKS, SLOW_WEBHOOKS].includes(batch.queue)
    return isOfWebhooks ? consumeWebhooks(batch, env) : consumeDeliveries(batch, env)
  },
  scheduled: maintain,
} satisfies ExportedHandler<Env>
