import { findUserId } from '../users/user-store.ts'
import type { DeliveryContext, DeliveryOutcome } from './delivery.ts'
import { recordDeliveries } from './delivery-store.ts'
import type { DeliveryMessage } from './message.ts'

/** Ends a message that failed every attempt, with an event that administrators see. */
export async function bury(context: DeliveryContext, message: DeliveryMessage): Promise<DeliveryOutcome> {
  const userId = await userIdOf(context, message)
  const subjectId = subjectIdOf(message)
  const event = { userId, subjectId, occurredAt: message.requestedAt }
  const reason = 'attempts-exhausted'
  await recordDeliveries(context, [{ ...event, action: 'delivery-failed', reason }])
  return { outcome: 'dropped', reason }
}

async function userIdOf(context: DeliveryContext, message: DeliveryMessage): Promise<string | null> {
  if ('code' in message) return findUserId(context, message.emailKey)
  return message.kind === 'alert' ? null : message.userId
}

function subjectIdOf(message: DeliveryMessage): string {
  switch (message.kind) {
    case 'alert':
      return message.eventId
    case 'notice':
      return message.noticeId
    case 'proof':
      return message.verificationId
    case 'asked-code':
    case 'issued-code':
    case 'settlement':
      return message.codeId
  }
}
