import { type Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { adminErrors } from './api/admin/errors.ts'
import { adminRoutes } from './api/admin/routes.ts'
import { oauthErrors } from './api/oauth/errors.ts'
import { oauthRoutes } from './api/oauth/routes.ts'
import { operatorRoutes } from './api/operator/routes.ts'
import { pageErrors } from './api/pages/errors.ts'
import { pageRoutes } from './api/pages/routes.ts'
import { passwordErrors } from './api/password/errors.ts'
import { jwks } from './api/password/jwks.ts'
import { challengeRoutes, passwordRoutes } from './api/password/routes.ts'
import { BULK_BYTES_MAX } from './api/scim/bulk-request.ts'
import { scimErrors } from './api/scim/errors.ts'
import { scimRoutes } from './api/scim/routes.ts'
import type { AppEnv } from './http/app-env.ts'
import { corsForAll, corsForTenantOrigins } from './http/cors.ts'
import { renderError, type ErrorRenderer } from './http/errors.ts'
import { floodShield } from './http/flood-shield.ts'
import { limitBody } from './http/limit-body.ts'
import { logRequest } from './http/log-request.ts'
import { canonicalPath } from './http/path.ts'
import { pokeWebhooksOfTenant } from './http/poke-webhooks.ts'
import { problemErrors } from './http/problem.ts'
import { securityHeaders } from './http/security-headers.ts'

/** How errors look below each prefix of a path, whether a route is there or not; elsewhere they are problem details. */
const ERRORS_BELOW: readonly (readonly [prefix: string, renderer: ErrorRenderer])[] = [
  ['/AdminInterface/', adminErrors],
  ['/api/', passwordErrors],
  ['/scim/', scimErrors],
  ['/oauth/', oauthErrors],
  ['/reset', pageErrors],
]

/** The request's way, from top to bottom. */
export const app = new Hono<AppEnv>({ getPath: canonicalPath })

const NOT_FOUND =
  'There is nothing here. The APIs are under /AdminInterface/restapi, /api/passwordmanagement, /api/login, ' +
  '/api/users, /scim/v2, /oauth and /operator/v1, pages under /reset; docs/api.md of the project lists every endpoint.'

const render = renderError(rendererOf)
app.onError(render)
// Rendered, not thrown: `methodNotAllowed` leaves errors alone, and turns only a plain 404 into a 405.
app.notFound((c) => render(new HTTPException(404, { message: NOT_FOUND }), c))

app.use(logRequest(), securityHeaders(), noStore())
app.use(pokeWebhooksOfTenant())
app.use(floodShield())
app.use('/api/*', corsForTenantOrigins())
app.use('/.well-known/jwks.json', corsForAll())
app.use(limitBody({ '/scim/v2/Bulk': BULK_BYTES_MAX }))
app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }))

app.get('/healthz', (c) => c.json({ status: 'ok' }))
app.get('/.well-known/jwks.json', jwks)
app.route('/AdminInterface/restapi', adminRoutes)
app.route('/api', passwordRoutes)
app.route('/api', challengeRoutes)
app.route('/scim/v2', scimRoutes)
app.route('/', oauthRoutes)
app.route('/operator/v1', operatorRoutes)
app.route('/reset', pageRoutes)

function rendererOf(path: string): ErrorRenderer {
  const [, renderer] = ERRORS_BELOW.find(([prefix]) => path.startsWith(prefix)) ?? []
  return renderer ?? problemErrors
}

/** Answers hold codes and addresses, so that no cache may keep them. */
function noStore() {
  return createMiddleware<AppEnv>(async function noStore(c, next) {
    c.header('Cache-Control', 'no-store')
    await next()
  })
}

function refuseMethod(c: Context<AppEnv>, methods: string[]): never {
  c.header('Allow', methods.join(', '))
  throw new HTTPException(405, { message: `Use ${methods.join(' or ')} here.` })
}
