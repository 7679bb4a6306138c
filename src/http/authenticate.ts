import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { verifyBearerToken, type BearerOutcome, type Face } from '../auth/bearer-token.ts'
import { verifyOperatorToken } from '../auth/operator-token.ts'
import type { OperatorPrincipal } from '../auth/principal.ts'
import { config } from '../config.ts'
import { findSession } from '../tenants/console-session-store.ts'
import { mayDo, type Permission } from '../tenants/role.ts'
import type { AdminEnv, AppEnv, OperatorEnv, ReadContext, TenantEnv } from './app-env.ts'
import { isOfBrowser, requireSession } from './console-session.ts'
import { admitOwner, type OwnerBucket } from './key-limits.ts'
import { unauthenticated } from './unauthenticated.ts'

/** RFC 6750 §2.1, and nothing beside it: two headers arrive joined by a comma, which is no token. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i

/**
 * Requires a token of an API key, of an OAuth client or, for the directory, a SCIM token, that has the permission; or
 * the session of a person who has it. Sets `tenant` and `principal`.
 *
 * @throws {HTTPException} 401 without a good token or session, 403 without the right. Neither says why; the log does.
 */
export function authenticate(permission: Permission, face: Face = 'admin') {
  return createMiddleware<AdminEnv>(async function authenticate(c, next) {
    const log = c.get('log')
    const outcome = await verifyCaller(c, permission, face)
    const { tenant, principal } = outcome
    log.tenantId = tenant.id
    log.accessId = principal.id
    if (outcome.tag === 'forbidden') {
      const { message, scopes } = outcome
      log.step = 'forbidden'
      // RFC 6750 §3.1: a client may then ask for a token with more scopes.
      if (scopes.length > 0) {
        c.header('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`)
      }
      throw new HTTPException(403, { message })
    }
    c.set('tenant', tenant)
    c.set('principal', principal)
    await next()
  })
}

/** Whether who has made the request has another permission, too: the token or session has been verified before. */
export async function mayAlso(
  c: ReadContext<AdminEnv>,
  permission: Permission,
  face: Face = 'admin',
): Promise<boolean> {
  return (await verifyCaller(c, permission, face)).tag === 'allowed'
}

/** @throws {HTTPException} 401 without a good token or session. */
async function verifyCaller(
  c: ReadContext<AppEnv>,
  permission: Permission,
  face: Face,
): Promise<Exclude<BearerOutcome, { tag: 'refused' }>> {
  if (isOfBrowser(c)) {
    const { session, tenant, role } = await requireSession(c)
    const principal = { tag: 'person', id: session.personId, name: session.name } as const
    if (mayDo(role, permission)) return { tag: 'allowed', tenant, principal }
    return { tag: 'forbidden', tenant, principal, message: `Your role, ${role}, does not allow this call.`, scopes: [] } // oxfmt-ignore
  }
  const asked = { permission, face, now: c.get('now') }
  const outcome = await verifyBearerToken(c.env.DB, config(c.env), requireToken(c), asked)
  if (outcome.tag === 'refused') throw refused(c, outcome.fault)
  return outcome
}

/**
 * Requires the operator's token, and nothing beside it.
 *
 * @throws {HTTPException} 401 without it. The answer does not say why; the log does.
 */
export function authenticateOperator() {
  return createMiddleware<OperatorEnv>(async function authenticateOperator(c, next) {
    c.set('principal', await requireOperator(c))
    await next()
  })
}

/** @throws {HTTPException} 401 without the operator's token. */
async function requireOperator(c: ReadContext<AppEnv>): Promise<OperatorPrincipal> {
  const outcome = await verifyOperatorToken(config(c.env), requireToken(c), c.get('now'))
  if (outcome.tag === 'refused') throw refused(c, outcome.fault)
  return { tag: 'operator' }
}

/**
 * Requires the operator's token, or the session of a super-admin of the very tenant that the path names.
 *
 * @param bucket what a super-admin's call is charged to.
 * @throws {HTTPException} 401 without either, 403 for everybody else who is signed in: it tells nothing of other tenants;
 *   429 for a super-admin who has called too often.
 */
export function authenticateOwner(bucket: OwnerBucket = 'admin') {
  return createMiddleware<OperatorEnv & TenantEnv>(async function authenticateOwner(c, next) {
    if (!isOfBrowser(c)) {
      c.set('principal', await requireOperator(c))
      return next()
    }
    // Read anew: a session that was ended is no super-admin's any more.
    const { session, tenant, role } = await requireSession(c, findSession)
    const log = c.get('log')
    log.tenantId = tenant.id
    log.accessId = session.personId
    if (role !== 'super-admin' || c.req.param('id') !== tenant.id) {
      log.step = 'forbidden'
      throw new HTTPException(403, {
        message: 'This is for the operator, and for super-admins of the tenant.',
      })
    }
    const person = { tag: 'person', id: session.personId, name: session.name } as const
    c.set('principal', person)
    c.set('tenant', tenant)
    await admitOwner(c, person, bucket)
    await next()
  })
}

/** @throws {HTTPException} 401 that asks for a token (RFC 6750 §3). */
function requireToken(c: ReadContext<AppEnv>): string {
  const token = BEARER.exec(c.req.header('Authorization') ?? '')?.[1]
  if (token === undefined) throw unauthenticated(c, 'no-token', 'Bearer')
  return token
}

/** The 401 for a token that was sent and is not good: a client may then take a new one (RFC 6750 §3.1). */
function refused(c: ReadContext<AppEnv>, fault: string): HTTPException {
  return unauthenticated(c, `token-${fault}`, 'Bearer error="invalid_token"')
}
