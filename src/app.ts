import { type Context, Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { methodNotAllowed } from 'hono/method-not-allowed'
import type { AppEnv } from './http/app-env.ts'
import { BODY_BYTES_MAX } from './http/body.ts'
import { corsForAll, corsForTenantOrigins } from './http/cors.ts'
import { renderError, type ErrorRenderer } from './http/errors.ts'
import { floodShield } from './http/flood-shield.ts'
import { limitBody } from './http/limit-body.ts'
import { logRequest } from './http/log-request.ts'
import { canonicalPath } from './http/path.ts'
import { pokeWebhooksOfTenant } from './http/poke-webhooks.ts'
import { problemErrors } from './http/problem.ts'
import { securityHeaders } from './http/security-headers.ts'

/** Some of the faces: what one of the Workers answers. */
export type Plane = {
  /** How errors look below each prefix of a path, whether a route is there or not; elsewhere they are problem details. */
  errors: readonly (readonly [prefix: string, renderer: ErrorRenderer])[]
  /** Paths whose routes limit their bodies themselves. */
  largeBodies?: readonly string[]
  mount: (app: Hono<AppEnv>) => void
}

const NOT_FOUND =
  'There is nothing here. The APIs are under /AdminInterface/restapi, /api/passwordmanagement, /api/login, ' +
  '/api/users, /scim/v2, /oauth and /operator/v1, pages under /reset and /v, the console under /console; docs/api.md of the project lists every endpoint.'

/** The request's way, from top to bottom, to the faces of the planes. */
export function newApp(...planes: readonly Plane[]): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ getPath: canonicalPath })
  const render = renderError(rendererOf(planes))
  app.onError(render)
  // Rendered, not thrown: `methodNotAllowed` leaves errors alone, and turns only a plain 404 into a 405.
  app.notFound((c) => render(new HTTPException(404, { message: NOT_FOUND }), c))

  app.use(logRequest(), securityHeaders(), noStore())
  app.use(pokeWebhooksOfTenant())
  app.use(floodShield())
  app.use('/api/*', corsForTenantOrigins())
  app.use('/.well-known/jwks.json', corsForAll())
  app.use(
    limitBody(
      BODY_BYTES_MAX,
      planes.flatMap(({ largeBodies = [] }) => largeBodies),
    ),
  )
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }))

  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  for (const { mount } of planes) mount(app)
  return app
}

function rendererOf(planes: readonly Plane[]): (path: string) => ErrorRenderer {
  const renderers = planes.flatMap(({ errors }) => errors)
  return (path) => renderers.find(([prefix]) => path.startsWith(prefix))?.[1] ?? problemErrors
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
