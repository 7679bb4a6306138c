import type { Actor } from '../audit/admin-event.ts'
import type { CodeContext, VisitorContext } from '../codes/code-context.ts'
import type { IssueContext } from '../codes/issue.ts'
import { config, databaseBinding } from '../config.ts'
import type { TenantScope } from '../database/scope.ts'
import type { Outbox } from '../delivery/outbox.ts'
import type { DirectoryScope } from '../users/user-store.ts'
import type { AdminEnv, ReadContext, TenantEnv, VisitorEnv } from './app-env.ts'

/** What handlers hand down from a request, so that nothing below them knows HTTP. */

/**
 * The tenant's data at the instant of the request.
 *
 * @throws {Error} when the Worker was deployed without the tenant's database: our own fault.
 */
export function tenantScopeOf(c: ReadContext<TenantEnv>): TenantScope {
  const { id, database } = c.get('tenant')
  const db = databaseBinding(c.env, database)
  if (db === undefined) throw new Error('the database binding of a tenant is missing')
  return { db, tenantId: id, now: c.get('now') }
}

/** What a change of who is in the directory works with. */
export function directoryScopeOf(c: ReadContext<TenantEnv>): DirectoryScope {
  return { ...tenantScopeOf(c), peppers: config(c.env).peppers }
}

export function codeContextOf(c: ReadContext<TenantEnv>): CodeContext {
  const { policy } = c.get('tenant')
  return { ...tenantScopeOf(c), policy: policy.code, peppers: config(c.env).peppers }
}

/** What an issue by an administrator works with. */
export function issueContextOf(c: ReadContext<TenantEnv>): IssueContext {
  const { desk } = c.get('tenant').policy
  return { ...codeContextOf(c), desk, transientKeys: config(c.env).transientKeys }
}

/** What a visitor's request with a code works with. */
export function visitorContextOf(c: ReadContext<VisitorEnv>): VisitorContext {
  const { network, isLimited } = c.get('client')
  const { questions } = c.get('tenant').policy.challenges
  return { ...codeContextOf(c), network, client: isLimited ? network : null, questions }
}

/** Where the request puts what is to be mailed. */
export function outboxOf(c: ReadContext<TenantEnv>): Outbox {
  return {
    queue: c.env.DELIVERIES,
    keys: config(c.env).transientKeys,
    tenant: c.get('tenant'),
    now: c.get('now'),
    requestId: c.get('log').requestId,
    waitUntil: (promise) => c.executionCtx.waitUntil(promise),
  }
}

/** Who asks, for the audit. Only requests that carry a credential have an answer to that. */
export function actorOf(c: ReadContext<AdminEnv>): Actor {
  return {
    accessId: c.get('principal').id,
    sourceIp: c.req.header('CF-Connecting-IP') ?? 'unknown',
    requestId: c.get('log').requestId,
  }
}
