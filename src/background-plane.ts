import { scimErrors } from './api/scim/errors.ts'
import { scimRoutes } from './api/scim/routes.ts'
import type { Plane } from './app.ts'
import { consumeDeliveries } from './delivery/consumer.ts'
import { consumeJobs, JOBS } from './jobs/consumer.ts'
import { maintain } from './maintenance.ts'
import { consumeWebhooks, SLOW_WEBHOOKS, WEBHOOKS } from './webhooks/consumer.ts'

/** The directory, which products provision: no person waits for it. */
export const backgroundPlane: Plane = {
  errors: [['/scim/', scimErrors]],
  largeBodies: ['/scim/v2/Bulk'],
  mount(app) {
    app.route('/scim/v2', scimRoutes)
  },
}

/** What happens behind the requests: the queues, and what the cron trigger runs. */
export const background = {
  queue(batch, env) {
    if (batch.queue === JOBS) return consumeJobs(batch, env)
    const isOfWebhooks = [WEBHOOKS, SLOW_WEBHOOKS].includes(batch.queue)
    return isOfWebhooks ? consumeWebhooks(batch, env) : consumeDeliveries(batch, env)
  },
  scheduled: maintain,
} satisfies ExportedHandler<Env>
