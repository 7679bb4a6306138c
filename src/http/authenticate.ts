import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from './app-env.ts'
import { config } from '../config.ts'
import { verifyApiKeyToken } from '../auth/api-key-token.ts'
import { isOperatorToken } from '../auth/operator-token.ts'
import { mayDo, type Permission } from '../tenants/role.ts'

/** RFC 6750 §2.1, and nothing beside it: two headers arrive joined by a comma, which is no token. */
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i

/**
 * Requires a token of an API key whose role has the permission, and sets `tenant` and `caller`.
 *
 * @throws {HTTPException} 401 without a good token, 403 without the right. Neither says why; the log does.
 */
export function authenticate(permission: Permission) {
  return createMiddleware<AppEnv>(async function authenticate(c, next) {
    const log = c.get('log')
    const now = c.get('now')
    const token = BEARER.exec(c.req.header('Authorization') ?? '')?.[1]
    const outcome =
      token === undefined ? undefined : await verifyApiKeyToken(c.env.DB, config(c.env), token, now)
    if (outcome?.tag !== 'verified') {
      log.outcome = outcome === undefined ? 'no-token' : `token-${outcome.fault}`
      throw unauthenticated(c)
    }
    const { key, tenant } = outcome
    log.tenantId = tenant.id
    log.accessId = key.accessId
    if (!mayDo(key.role, permission)) {
      log.step = 'forbidden'
      throw new HTTPException(403, { message: `The role ${key.role} of this key does not allow this call.` })
    }
    c.set('tenant', tenant)
    c.set('caller', key)
    await next()
  })
}

/**
 * Requires the operator's token.
 *
 * @throws {HTTPException} 401 without it.
 */
export function authenticateOperator() {
  return createMiddleware<AppEnv>(async function authenticateOperator(c, next) {
    const token = BEARER.exec(c.req.header('Authorization') ?? '')?.[1]
    if (token === undefined || !(await isOperatorToken(config(c.env), token, c.get('now')))) {
      throw unauthenticated(c)
    }
    await next()
  })
}

function unauthenticated(c: Context<AppEnv>): HTTPException {
  c.get('log').step = 'unauthenticated'
  c.header('WWW-Authenticate', 'Bearer')
  return new HTTPException(401, { message: 'A valid bearer token is required.' })
}
