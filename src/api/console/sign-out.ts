import { HTTPException } from 'hono/http-exception'
import { recordPersonAct } from '../../audit/person-store.ts'
import { SESSION_COOKIE } from '../../auth/session-cookie.ts'
import { verifyLogoutToken } from '../../auth/logout-token.ts'
import { personIdOf, signOutUrl } from '../../auth/open-id.ts'
import { config } from '../../config.ts'
import { mediaType, readText } from '../../http/body.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { identityProvider, type IdentityProvider } from '../../tenants/console-policy.ts'
import { endSession, endSessionsOfProvider } from '../../tenants/console-session-store.ts'
import { dropCookie } from './cookies.ts'
import type { ConsoleContext, SignInContext } from './console-env.ts'

/** The ends of sessions: by their person, and by the provider. */

/**
 * `POST /console/logout`: ends the session, as `DELETE /console/sessions/{id}` does. `redirectTo` of the answer is where
 * the person may sign out of the provider, too; null where it has no such place.
 */
export async function logout(c: ConsoleContext): Promise<Response> {
  const { session } = c.get('session')
  const { id: tenantId, policy } = c.get('tenant')
  await endSession(c.env.DB, tenantId, { id: session.id, now: c.get('now') })
  forgetCatalogue()
  dropCookie(c, SESSION_COOKIE)
  // What the browser has kept of the console is not to be seen by the next at the desk.
  c.header('Clear-Site-Data', '"cache"')
  await recordPersonAct(tenantScopeOf(c), actorOf(c), {
    action: 'console.sign-out',
    target: '',
    result: 'done',
  })
  const provider = policy.console && identityProvider(policy.console)
  const returnUri = new URL('/console', c.req.url).href
  return c.json({ redirectTo: (provider && (await placeToSignOut(c, provider, returnUri))) ?? null })
}

async function placeToSignOut(
  c: ConsoleContext,
  provider: IdentityProvider,
  returnUri: string,
): Promise<string | undefined> {
  return provider.tag === 'access'
    ? new URL('/cdn-cgi/access/logout', returnUri).href
    : signOutUrl(provider, returnUri, config(c.env).isLocalRun)
}

/**
 * `POST /console/backchannel-logout`: the provider says that a session of its own has ended, or all of a person
 * (OpenID Connect Back-Channel Logout 1.0 §2.5). A token is taken once.
 *
 * @throws {HTTPException} 400 for what is no such token. The answer does not say why.
 */
export async function backChannelLogout(c: SignInContext): Promise<Response> {
  const provider = identityProvider(c.get('console'))
  const token = await readToken(c)
  const [{ id: tenantId }, now] = [c.get('tenant'), c.get('now')]
  const found =
    provider.tag === 'open-id'
      ? await verifyLogoutToken(provider, token, now, config(c.env).isLocalRun)
      : undefined
  if (found === undefined) throw badToken()
  const { providerSession, subject, jtiDigest, expiresAt } = found
  const { issuer } = provider
  const logout =
    providerSession === undefined
      ? { issuer, personId: personIdOf(tenantId, issuer, subject ?? '') }
      : { issuer, providerSession }
  const use = { jtiDigest, expiresAt }
  if (!(await endSessionsOfProvider(c.env.DB, tenantId, logout, use, now))) throw badToken()
  forgetCatalogue()
  return c.body(null, 200)
}

async function readToken(c: SignInContext): Promise<string> {
  if (mediaType(c) !== 'application/x-www-form-urlencoded') {
    throw new HTTPException(415, { message: 'Send the form as application/x-www-form-urlencoded.' })
  }
  const [token = '', ...others] = new URLSearchParams(await readText(c)).getAll('logout_token')
  if (others.length > 0) throw badToken()
  return token
}

function badToken(): HTTPException {
  return new HTTPException(400, { message: 'logout_token is not valid.' })
}
