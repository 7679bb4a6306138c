import { newEventId } from '../audit/admin-event.ts'
import type { BrokenGlass } from '../codes/desk-rules.ts'
import type { Policy } from '../tenants/policy.ts'
import { hasMailer } from './mailer.ts'
import { queueDeliveries, type Outbox } from './outbox.ts'

/** By then the event of most calls is there. */
const EVENT_DUE_S = 2

/** Whether somebody can be told that a rule was passed: where nobody can, none is (S8). */
export function isBreakable(policy: Policy): boolean {
  return policy.desk?.alertEmail !== undefined && hasMailer(policy)
}

/**
 * Puts the mails on their way by which it is told that rules were passed, before any of them is: each is about an event,
 * and is not sent where that does not come to be. Whatever happens in between, no rule is passed that nobody is told of.
 *
 * @returns for each reason what an issue needs to pass the rules.
 * @throws {StoreFault} when the queue fails: no rule is passed then.
 */
export async function announceBrokenGlass(
  outbox: Outbox,
  reasons: readonly string[],
): Promise<BrokenGlass[]> {
  const { tenant } = outbox
  // Not that of the request, whose body may have taken a minute to arrive: by this the mail waits for its event.
  const now = Date.now()
  const to = tenant.policy.desk?.alertEmail
  if (to === undefined) throw new Error('nobody can be told that a rule is passed')
  const glass = reasons.map((reason) => ({ reason, eventId: newEventId(now) }))
  await queueDeliveries(
    outbox,
    glass.map(({ eventId }) => ({ kind: 'alert', tenantId: tenant.id, eventId, to, requestedAt: now })),
    EVENT_DUE_S,
  )
  return glass
}
