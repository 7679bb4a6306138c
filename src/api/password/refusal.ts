import type { Context } from 'hono'
import type { VisitorEnv } from '../../http/app-env.ts'
import { countPresented } from '../../http/client-limits.ts'
import { outboxOf } from '../../http/context.ts'
import type { RedeemOutcome } from '../../codes/redeem.ts'
import { queueNotices } from '../../delivery/outbox.ts'
import { fault } from './errors.ts'

/**
 * The one answer to every code that is not good, whatever the reason. The reason is logged, and a user
 * whose code this attempt locked is told.
 */
export function refuse(
  c: Context<VisitorEnv>,
  { reason, lockedUserId }: Extract<RedeemOutcome, { tag: 'refused' }>,
): Response {
  c.get('log').outcome = reason
  countPresented(c, 'wrong')
  if (lockedUserId !== undefined) queueNotices(outboxOf(c), 'locked', [lockedUserId])
  return c.json(fault(401, 'The password reset code is not valid for this e-mail address.'), 401)
}
