import { config } from '../config.ts'
import { findRecipient } from '../users/user-store.ts'
import type { DeliveryContext, DeliveryOutcome } from './delivery.ts'
import { noticeMail } from './mail.ts'
import { hasMailer, sendMail } from './mailer.ts'
import type { DeliveryMessage } from './message.ts'

/** Tells a user what happened to their code. */
export async function deliverNotice(
  context: DeliveryContext,
  {
    userId,
    notice,
    mode = 'PASSWORD_RESET',
    channel,
    noticeId,
  }: Extract<DeliveryMessage, { kind: 'notice' }>,
): Promise<DeliveryOutcome> {
  const { env, tenant, now } = context
  if (!hasMailer(tenant.policy)) return { outcome: 'dropped', reason: 'no-mailer' }
  const recipient = await findRecipient(context, userId)
  if (recipient === undefined) return { outcome: 'dropped', reason: 'no-account' }
  const { preferredLanguage } = JSON.parse(recipient.attributes) as { preferredLanguage?: unknown }
  const outcome = await sendMail(env, config(env).isLocalRun, tenant, {
    id: noticeId,
    type: 'reset-code.notice',
    to: recipient.email,
    mail: await noticeMail(tenant, preferredLanguage, { notice, mode, channel }),
    details: { notice, mode, channel },
    now,
  })
  return { outcome }
}
