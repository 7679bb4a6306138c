import type { Context } from 'hono'
import type { AppEnv } from './app-env.ts'
import type { Actor } from '../audit/admin-event.ts'
import { config, databaseBinding } from '../config.ts'
import type { CodeContext } from '../codes/issue.ts'

/** What handlers hand down from a request, so that nothing below them knows HTTP. */

/**
 * The database with the users, codes and events of the request's tenant.
 *
 * @throws {Error} when the Worker was deployed without that binding: our own fault.
 */
export function tenantDatabase(c: Context<AppEnv>): D1Database {
  const db = databaseBinding(c.env, c.get('tenant').database)
  if (db === undefined) throw new Error('the database binding of a tenant is missing')
  return db
}

export function codeContextOf(c: Context<AppEnv>): CodeContext {
  const tenant = c.get('tenant')
  const now = c.get('now')
  return { db: tenantDatabase(c), tenant, peppers: config(c.env).peppers, now }
}

/** Who asks, for the audit; only behind `authenticate`. */
export function actorOf(c: Context<AppEnv>): Actor {
  const caller = c.get('caller')
  return {
    accessId: caller.accessId,
    sourceIp: c.req.header('CF-Connecting-IP') ?? 'unknown',
    requestId: c.get('log').requestId,
  }
}
