import { createMiddleware } from 'hono/factory'
import { recordPersonAct, settlePersonAct } from '../../audit/person-store.ts'
import { databaseBinding } from '../../config.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { tenantOfId } from '../../tenants/catalogue.ts'

/**
 * Records what a super-admin changes, in the audit of their tenant (S9). It is written before the change, which may be in
 * another database: a change that nobody sees cannot be made. What became of it is noted when it is known.
 *
 * @param action what is done, in the words of the audit.
 */
export function recordOwner(action: string) {
  return createMiddleware<OperatorEnv>(async function recordOwner(c, next) {
    const principal = c.get('principal')
    if (principal.tag === 'operator') return next()
    const { id: tenantId = '', ...parameters } = c.req.param() as Record<string, string>
    const tenant = await tenantOfId(c.env.DB, tenantId)
    const db = databaseBinding(c.env, tenant?.database ?? '')
    if (db === undefined) throw new Error('the database binding of a tenant is missing')
    const scope = { db, tenantId, now: c.get('now') }
    const actor = {
      accessId: principal.id,
      sourceIp: c.req.header('CF-Connecting-IP') ?? 'unknown',
      requestId: c.get('log').requestId,
    }
    // The id in the path, as it was asked for: a text of the caller's, so that it is bounded.
    const target = (Object.values(parameters)[0] ?? '').replace(/[^\w-]/g, '').slice(0, 64)
    const eventId = await recordPersonAct(scope, actor, { action, target, result: 'asked' })
    c.set('changed', undefined)
    await next()
    const result = c.res.ok ? 'done' : `refused-${c.res.status}`
    await settlePersonAct(scope, eventId, { result, target: c.get('changed') ?? target })
  })
}
