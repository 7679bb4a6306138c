import type { Context } from 'hono'
import { cors } from 'hono/cors'
import { createMiddleware } from 'hono/factory'
import { csrfCookieName } from '../auth/csrf-token.ts'
import { tenantOfHost } from '../tenants/catalogue.ts'
import type { AppEnv } from './app-env.ts'

/** How long a browser may keep the answer to a preflight: an origin that is struck off the policy is out by then. */
const PREFLIGHT_TTL_S = 600

/** What a script must be able to read beside the body, to wait as long as it is told and to report what failed. */
const EXPOSED_HEADERS = ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id']

/**
 * Lets pages of the origins that the tenant's policy names read the answers, errors included. Without
 * credentials: their requests carry no cookies, so they can only do what anybody may do. Every other origin is
 * answered as if this were not here. A preflight costs no unit of any bucket, and looks the tenant up only.
 */
export function corsForTenantOrigins() {
  return createMiddleware<AppEnv>(async function corsForTenantOrigins(c, next) {
    const origin = c.req.header('Origin')
    const tenant =
      origin === undefined ? undefined : await tenantOfHost(c.env.DB, new URL(c.req.url).hostname)
    const isAllowed = origin !== undefined && tenant?.policy.origins.includes(origin)
    if (tenant === undefined || !isAllowed || isOptionsAlone(c)) {
      await next()
      c.header('Vary', 'Origin', { append: true })
      return
    }
    return cors({
      origin: tenant.policy.origins,
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['Content-Type', `X-${csrfCookieName(tenant.id)}`],
      exposeHeaders: EXPOSED_HEADERS,
      maxAge: PREFLIGHT_TTL_S,
    })(c, next)
  })
}

/** Lets any page read what is public anyway. */
export function corsForAll() {
  const allowAll = cors({
    origin: '*',
    allowMethods: ['GET'],
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_TTL_S,
  })
  return createMiddleware<AppEnv>(async function corsForAll(c, next) {
    return isOptionsAlone(c) ? next() : allowAll(c, next)
  })
}

/** An OPTIONS that is no preflight is a wrong method like any other. */
function isOptionsAlone(c: Context): boolean {
  return c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') === undefined
}
