import { findBrokenGlass, type GlassEvent } from '../audit/glass-event-store.ts'
import { planApart, type DeliveryContext, type Plan, type Planned } from './delivery.ts'
import { alertMail } from './mail.ts'
import { hasMailer } from './mailer.ts'
import type { AlertMessage } from './message.ts'

/** How long after a mail was put on its way its event may still come to be: a request takes no longer. */
const COMING_MS = 60_000

/**
 * Plans the mails that tell a tenant that a rule of its desk was passed. One whose event is not there yet is tried
 * again; one whose event has not come to be is about nothing.
 *
 * @returns every message with its plan, in their order.
 */
export async function planAlerts(
  context: DeliveryContext,
  messages: readonly AlertMessage[],
): Promise<Planned[]> {
  const ids = messages.map(({ eventId }) => eventId)
  const events = await findBrokenGlass(context, ids)
  const planned = messages.map((message) =>
    planApart(message, planAlert(context, message, events.get(message.eventId))),
  )
  return Promise.all(planned)
}

async function planAlert(
  { env, tenant, now }: DeliveryContext,
  { eventId, to, requestedAt }: AlertMessage,
  event: GlassEvent | undefined,
): Promise<Plan> {
  if (event === undefined) {
    const isComing = now < requestedAt + COMING_MS
    return {
      tag: 'end',
      ended: isComing
        ? { outcome: 'failed', fault: 'EventToCome' }
        : { outcome: 'dropped', reason: 'not-passed' },
    }
  }
  if (!hasMailer(tenant.policy)) return { tag: 'end', ended: { outcome: 'failed', fault: 'NoMailer' } }
  const mail = await alertMail({ env, tenant }, event)
  const delivery = { id: eventId, type: 'desk.alert' as const, to, mail, details: event, now }
  return { tag: 'mail', delivery, about: { userId: null, subjectId: eventId, occurredAt: requestedAt } }
}
