import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../../http/app-env.ts'
import { identifyClient } from '../../http/client.ts'
import { requireSession } from '../../http/console-session.ts'
import { admit } from '../../http/rate-limit.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { findSession } from '../../tenants/console-session-store.ts'
import type { ConsoleEnv, SignInEnv } from './console-env.ts'
import { findUsers } from './find-users.ts'
import { frontEnd } from './front-end.ts'
import { getOverview } from './overview.ts'
import { deleteSession, getSession, getSessions } from './session.ts'
import { callback, login } from './sign-in.ts'
import { backChannelLogout, logout } from './sign-out.ts'

/** The console of a tenant's help desk and super-admins, below `/console` of its hosts. */

const signInRoutes = new Hono<SignInEnv>()
const sessionRoutes = new Hono<ConsoleEnv>()
export const consoleRoutes = new Hono<AppEnv>()

// First, so that the log names the route of an endpoint.
consoleRoutes.get('/*', frontEnd)

const ofTenant = [requireTenantOfHost(), requireConsole()] as const
const visitor = [...ofTenant, requireNavigation(), identifyClient(), rateLimitSignIn()] as const
signInRoutes.get('/login', ...visitor, login)
signInRoutes.get('/callback', ...visitor, callback)
// From the provider's network, for everybody: what is no token of it costs next to nothing.
signInRoutes.post('/backchannel-logout', ...ofTenant, backChannelLogout)

const person = authenticatePerson()
sessionRoutes.get('/session', person, getSession)
sessionRoutes.get('/sessions', person, getSessions)
sessionRoutes.delete('/sessions/:id', person, deleteSession)
sessionRoutes.post('/logout', person, logout)
sessionRoutes.get('/overview', person, getOverview)
sessionRoutes.post('/users/find', person, findUsers)

consoleRoutes.route('/', signInRoutes)
consoleRoutes.route('/', sessionRoutes)

/** @throws {HTTPException} 404 where the tenant has no console. */
function requireConsole() {
  return createMiddleware<SignInEnv>(async function requireConsole(c, next) {
    const { console } = c.get('tenant').policy
    if (console === undefined) throw new HTTPException(404, { message: 'There is no console here.' })
    c.set('console', console)
    await next()
  })
}

/**
 * Refuses a sign-in that no person sees, such as in a picture or a frame of another site's page: who is signed in at
 * their provider would get session after session, of which the oldest end.
 *
 * @throws {HTTPException} 403.
 */
function requireNavigation() {
  return createMiddleware<SignInEnv>(async function requireNavigation(c, next) {
    const purpose = c.req.header('Sec-Fetch-Dest')
    if (purpose !== undefined && purpose !== 'document') {
      c.get('log').step = 'forbidden'
      throw new HTTPException(403, { message: 'Open this page itself to sign in.' })
    }
    await next()
  })
}

/** What one network may ask of the provider through us: nobody else's sign-in is behind it. */
const SIGN_IN = { perMinute: 30, burst: 20 }

/**
 * Charges a sign-in to its network, in a bucket that nobody else empties: each makes the tenant's provider work.
 *
 * @throws {Limited} 429.
 */
function rateLimitSignIn() {
  return createMiddleware<SignInEnv>(async function rateLimitSignIn(c, next) {
    const { network, isLimited } = c.get('client')
    if (isLimited && network !== null) {
      await admit(c, [{ bucket: 'sign-in', key: `sign-in:${network}`, ...SIGN_IN, cost: 1 }])
    }
    await next()
  })
}

/**
 * Requires a live session, which is read anew at every call: one that has ended is none any more.
 *
 * @throws {HTTPException} 401 without one, 403 for a call that another site may have made.
 */
function authenticatePerson() {
  return createMiddleware<ConsoleEnv>(async function authenticatePerson(c, next) {
    const session = await requireSession(c, findSession)
    const { tenant } = session
    const { personId: id, name } = session.session
    const log = c.get('log')
    log.tenantId = tenant.id
    log.accessId = id
    c.set('tenant', tenant)
    c.set('principal', { tag: 'person', id, name })
    c.set('session', session)
    await next()
  })
}
