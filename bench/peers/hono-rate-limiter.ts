import { DurableObjectStore } from '@hono-rate-limiter/cloudflare'
import { Hono } from 'hono'
import { rateLimiter } from 'hono-rate-limiter'
import { decisionsOf } from '../limiter/decisions.ts'

export { DurableObjectRateLimiter } from '@hono-rate-limiter/cloudflare'

/** hono-rate-limiter with its Durable Object store in front of one route, set up as its README says. */
const app = new Hono<{ Bindings: { CACHE: DurableObjectNamespace } }>()
app.use((c, next) => {
  const { key = '', limit = '' } = c.req.query()
  return rateLimiter({
    windowMs: 60_000,
    limit: Number(limit),
    standardHeaders: 'draft-7',
    keyGenerator: () => key,
    store: new DurableObjectStore({ namespace: c.env.CACHE as never }),
  })(c as never, next)
})
app.get('/', (c) => c.text('ok'))

export default {
  fetch: (request: Request, env: { CACHE: DurableObjectNamespace }, ctx: ExecutionContext) =>
    decisionsOf(request, (each) => app.fetch(each, env, ctx)),
}
