import { HTTPException } from 'hono/http-exception'
import { parse } from 'hono/utils/cookie'
import { isCsrfTokenOf, verifySession, type KnownSession } from '../auth/console-session.ts'
import { SESSION_COOKIE, SESSION_CSRF_HEADER } from '../auth/session-cookie.ts'
import { config } from '../config.ts'
import type { findSession } from '../tenants/console-session-store.ts'
import type { AppEnv, ReadContext } from './app-env.ts'
import { unauthenticated } from './unauthenticated.ts'

/** The session of a person in the console, as a request brings it: what its own origin has sent, and nothing else. */

/** Whether the request is to be judged by its session: it has one, and no other credential. */
export function isOfBrowser(c: ReadContext<AppEnv>): boolean {
  return c.req.header('Authorization') === undefined && cookieOf(c) !== undefined
}

/**
 * The live session of the request's cookie. A browser sends the cookie by itself, so that the request must show
 * besides that the console has made it: by the token of the session; for GET and HEAD, which change nothing and which
 * no other origin can read, the browser's word that it comes from this origin is enough.
 *
 * @param read how the session is found, see {@link verifySession}.
 * @throws {HTTPException} 401 without a live session, 403 for a request that another site may have made.
 */
export async function requireSession(
  c: ReadContext<AppEnv>,
  read?: typeof findSession,
): Promise<KnownSession & { token: string }> {
  const token = cookieOf(c) ?? ''
  const asked = { hostname: new URL(c.req.url).hostname, now: c.get('now') }
  const known = await verifySession(c.env.DB, config(c.env), token, asked, read)
  if (known === undefined)
    throw unauthenticated(c, 'no-session', 'Bearer', 'Sign in: there is no live session.')
  requireOwnOrigin(c, token)
  return { ...known, token }
}

/** @throws {HTTPException} 403. */
function requireOwnOrigin(c: ReadContext<AppEnv>, token: string): void {
  const site = c.req.header('Sec-Fetch-Site')
  const sent = c.req.header(SESSION_CSRF_HEADER)
  const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
  const isFromElsewhere = site !== undefined && site !== 'same-origin'
  const isShown = sent === undefined ? isRead && site === 'same-origin' : isCsrfTokenOf(token, sent)
  if (!isFromElsewhere && isShown) return
  c.get('log').step = 'forbidden'
  c.get('log').outcome = sent === undefined ? 'csrf-missing' : 'csrf-invalid'
  throw new HTTPException(403, { message: `Send the token of the session in ${SESSION_CSRF_HEADER}.` })
}

function cookieOf(c: ReadContext<AppEnv>): string | undefined {
  return parse(c.req.header('Cookie') ?? '', SESSION_COOKIE)[SESSION_COOKIE]
}
