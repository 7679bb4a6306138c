import { HTTPException } from 'hono/http-exception'
import { recordPersonAct } from '../../audit/person-store.ts'
import { csrfTokenOf } from '../../auth/console-session.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import { identityProvider, roleOfValue } from '../../tenants/console-policy.ts'
import {
  endSession,
  IDLE_MAX_MS,
  listSessions,
  type ConsoleSession,
} from '../../tenants/console-session-store.ts'
import { personPermissions } from '../../tenants/role.ts'
import type { ConsoleContext } from './console-env.ts'

/** The endpoints of sessions of people in the console. */

/** `GET /console/session`: who is signed in, what they may do, and the token that shows that a script of ours asks. */
export function getSession(c: ConsoleContext): Response {
  const { session, role, token } = c.get('session')
  const { id, name, policy } = c.get('tenant')
  const { personId, expiresAt, lastSeenAt } = session
  return c.json({
    person: { id: personId, name: session.name, email: session.email },
    role,
    permissions: personPermissions(role),
    tenant: { id, name },
    provider: policy.console?.access === undefined ? 'openid' : 'cloudflare-access',
    csrfToken: csrfTokenOf(token),
    expiresAt: shownTime(expiresAt),
    idleExpiresAt: shownTime(Math.min(expiresAt, lastSeenAt + IDLE_MAX_MS)),
  })
}

/** `GET /console/sessions`: a person's own; a super-admin's are those of the tenant. */
export async function getSessions(c: ConsoleContext): Promise<Response> {
  const { session, role } = c.get('session')
  const { id: tenantId, policy } = c.get('tenant')
  const personId = role === 'super-admin' ? undefined : session.personId
  const found = await listSessions(c.env.DB, tenantId, { personId, now: c.get('now') })
  const isOfPolicy = (each: ConsoleSession) =>
    policy.console !== undefined && identityProvider(policy.console).issuer === each.issuer
  const sessions = found.map((each) => ({
    id: each.id,
    person: { id: each.personId, name: each.name, email: each.email },
    role: (isOfPolicy(each) && policy.console && roleOfValue(policy.console, each.roleValue)) || null,
    browser: each.browser,
    createdAt: shownTime(each.createdAt),
    lastSeenAt: shownTime(each.lastSeenAt),
    expiresAt: shownTime(each.expiresAt),
    isCurrent: each.id === session.id,
  }))
  return c.json({ sessions })
}

/**
 * `DELETE /console/sessions/{id}`: ends a session. Here and on the operator API at once; on the admin API and the
 * directory within 30 seconds everywhere, as a key.
 */
export async function deleteSession(c: ConsoleContext): Promise<Response> {
  const { session, role } = c.get('session')
  const personId = role === 'super-admin' ? undefined : session.personId
  const id = c.req.param('id') ?? ''
  const now = c.get('now')
  const ended = await endSession(c.env.DB, c.get('tenant').id, { id, personId, now })
  if (ended === undefined) throw new HTTPException(404, { message: 'There is no such live session.' })
  forgetCatalogue()
  await recordPersonAct(tenantScopeOf(c), actorOf(c), {
    action: 'console.end-session',
    target: ended.personId,
    result: 'done',
  })
  return c.body(null, 204)
}

function shownTime(at: number): string {
  return new Date(at).toISOString()
}
