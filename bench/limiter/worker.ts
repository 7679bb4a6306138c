import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../../src/app-env.ts'
import { rateLimit } from '../../src/limits/rate-limit.ts'
import type { Tenant } from '../../src/tenants/tenant.ts'
import { decisionsOf } from './decisions.ts'

export { TenantLimiter } from '../../src/limits/tenant-limiter.ts'

/** Rescind's limiter in front of one route, and nothing else. */
const app = new Hono<AppEnv>()
app.onError((error) =>
  error instanceof HTTPException ? error.getResponse() : new Response(String(error), { status: 500 }),
)
app.use(async (c, next) => {
  const { key = '', limit = '' } = c.req.query()
  const validate = { perMinute: Number(limit), burst: Math.min(100_000, Number(limit)) }
  c.set('tenant', { id: key, policy: { limits: { validate } } } as unknown as Tenant)
  c.set('log', {} as AppEnv['Variables']['log'])
  await next()
})
/** The same without a limiter: what no limiter can be faster than. */
app.get('/bare', (c) => c.text('ok'))
app.get('/', rateLimit('validate'), (c) => c.text('ok'))

export default {
  fetch: (request, env, ctx) => decisionsOf(request, (each) => app.fetch(each, env, ctx)),
} satisfies ExportedHandler<Env>
