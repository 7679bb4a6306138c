import { findUserId } from '../users/user-store.ts'
import type { DeliveryContext, DeliveryOutcome } from './delivery.ts'
import { recordDeliveries } from './delivery-store.ts'
import type { DeliveryMessage } from './message.ts'

/** Ends a message that failed every attempt, with an event that administrators see. */
export async function bury(context: DeliveryContext, message: DeliveryMessage): Promise<DeliveryOutcome> {
  const userId = 'code' in message ? await findUserId(context, message.emailKey) : message.userId
  const subjectId = subjectOf(message)
  const event = { userId, subjectId, occurredAt: message.requestedAt }
  const reason = 'attempts-exhausted'
  await recordDeliveries(context, [{ ...event, action: 'delivery-failed', reason }])
  return { outcome: 'dropped', reason }
}

function subjectOf(message: DeliveryMessage): string {
  if (message.kind === 'notice') return message.noticeId
  return message.kind === 'proof' ? message.verificationId : message.codeId
}
