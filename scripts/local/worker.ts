import worker from '../../src/index.ts'
import { answerGrant } from './grant-page.ts'
import { answerInbox } from './inbox-page.ts'
import { Inbox, remembering } from './inbox.ts'

/**
 * The Worker as `npm start` runs it: the one of src/index.ts, whose mails are shown on a page
 * besides, and whose grants on another.
 * Nothing here is deployed, since wrangler.toml names src/index.ts.
 */

export { TenantLimiter } from '../../src/index.ts'

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
