import worker from '../../src/local.ts'
import { answerGrant } from './grant-page.ts'
import { answerInbox } from './inbox-page.ts'
import { Inbox, remembering } from './inbox.ts'

/**
 * The Workers as `npm start` runs them: both in one, as in src/local.ts, whose mails are shown on a page
 * besides, and whose grants on another.
 * Nothing here is deployed: production's environments in wrangler.toml name src/index.ts and src/control.ts.
 */

export { TenantLimiter } from '../../src/local.ts'

const inbox = new Inbox()
/** The Worker keeps what it reads from an environment by the object, so each has one object beside it. */
const environments = new WeakMap<Env, Env>()

function withInbox(env: Env): Env {
  const known = environments.get(env) ?? { ...env, EMAIL: remembering(env.EMAIL, inbox) }
  environments.set(env, known)
  return known
}

export default {
  fetch(request, env, ctx) {
    return (
      answerInbox(request, inbox.mails) ?? answerGrant(request) ?? worker.fetch(request, withInbox(env), ctx)
    )
  },
  queue(batch, env) {
    return worker.queue(batch, withInbox(env))
  },
  scheduled(controller, env) {
    return worker.scheduled(controller, withInbox(env))
  },
} satisfies ExportedHandler<Env>
