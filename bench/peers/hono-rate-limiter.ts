import { DurableObjectStore } from '@hono-rate-limiter/cloudflare'
import { decisionsOf, subjectOf } from '../limiter/decisions.ts'

export { DurableObjectRateLimiter } from '@hono-rate-limiter/cloudflare'

/** The Durable Object store of hono-rate-limiter and nothing else: what its middleware asks before every request. */
export default {
  async fetch(request: Request, { CACHE }: { CACHE: DurableObjectNamespace }) {
    const { key, limit } = subjectOf(request)
    const store = new DurableObjectStore({ namespace: CACHE as never })
    store.init({ windowMs: 60_000 } as never)
    return decisionsOf(async () => ((await store.increment(key)).totalHits > limit ? 429 : 200))
  },
}
