import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { verifyBearerToken, type Face } from '../auth/bearer-token.ts'
import { verifyOperatorToken } from '../auth/operator-token.ts'
import { config } from '../config.ts'
import type { Permission } from '../tenants/role.ts'
import type { AdminEnv, AppEnv, OperatorEnv, ReadContext } from './app-env.ts'

/** RFC 6750 §2.1, and nothing beside it: two headers arrive joined by a comma, which is no token. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i

/**
 * Requires a token of an API key, of an OAuth client or, for the directory, a SCIM token, that has the permission;
 * sets `tenant` and `principal`.
 *
 * @throws {HTTPException} 401 without a good token, 403 without the right. Neither says why; the log does.
 */
export function authenticate(permission: Permission, face: Face = 'admin') {
  return createMiddleware<AdminEnv>(async function authenticate(c, next) {
    const log = c.get('log')
    const token = requireToken(c)
    const asked = { permission, face, now: c.get('now') }
    const outcome = await verifyBearerToken(c.env.DB, config(c.env), token, asked)
    if (outcome.tag === 'refused') throw refused(c, outcome.fault)
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

/** Whether the bearer of the request's token has another permission, too: the token has been verified before. */
export async function mayAlso(
  c: ReadContext<AdminEnv>,
  permission: Permission,
  face: Face = 'admin',
): Promise<boolean> {
  const asked = { permission, face, now: c.get('now') }
  const outcome = await verifyBearerToken(c.env.DB, config(c.env), requireToken(c), asked)
  return outcome.tag === 'allowed'
}

/**
 * Requires the operator's token.
 *
 * @throws {HTTPException} 401 without it. The answer does not say why; the log does.
 */
export function authenticateOperator() {
  return createMiddleware<OperatorEnv>(async function authenticateOperator(c, next) {
    const outcome = await verifyOperatorToken(config(c.env), requireToken(c), c.get('now'))
    if (outcome.tag === 'refused') throw refused(c, outcome.fault)
    c.set('principal', { tag: 'operator' })
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

function unauthenticated(c: ReadContext<AppEnv>, outcome: string, challenge: string): HTTPException {
  c.get('log').step = 'unauthenticated'
  c.get('log').outcome = outcome
  c.header('WWW-Authenticate', challenge)
  return new HTTPException(401, { message: 'A valid bearer token is required.' })
}
