import { createMiddleware } from 'hono/factory'
import type { Demand } from '../limits/tenant-buckets.ts'
import type { ReadContext, VisitorEnv } from './app-env.ts'
import { admit, limiter } from './rate-limit.ts'

/** The limits of one client of a tenant, beside the tenant's own: no client can take another's share (F1). */

/** Charges a request that presents a code; see {@link admitVisitor}. */
export function rateLimitCode() {
  return createMiddleware<VisitorEnv>(async function rateLimitCode(c, next) {
    await admitCode(c)
    await next()
  })
}

/**
 * The same, where only the body tells whether a code is presented.
 *
 * @throws {Limited} 429.
 */
export async function admitCode(c: ReadContext<VisitorEnv>): Promise<void> {
  const { validate } = c.get('tenant').policy.limits
  await admitVisitor(c, [{ bucket: 'validate', key: 'validate', ...validate, cost: 1, presentsCode: true }])
}

/**
 * Charges a visitor's request to its client and to these buckets, or to none; see {@link admit}.
 *
 * @throws {Limited} 429.
 */
export async function admitVisitor(c: ReadContext<VisitorEnv>, demands: readonly Demand[]): Promise<void> {
  const { network, isLimited } = c.get('client')
  const rate = c.get('tenant').policy.limits.client
  await admit(c, demands, isLimited && network !== null ? { network, rate } : undefined)
}

/**
 * Counts what became of the code that the request presented, for its tenant and for its client. Every refusal is
 * a wrong code, so that what it costs tells nothing.
 */
export function countPresented(c: ReadContext<VisitorEnv>, outcome: 'right' | 'wrong'): void {
  const { network, isLimited } = c.get('client')
  const { id } = c.get('tenant')
  const { admission, visitors } = limiter()
  admission.count(id, outcome, c.get('now'))
  if (outcome === 'right' && isLimited && network !== null) visitors.trust(id, network, c.get('now'))
}
