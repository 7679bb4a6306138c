import { config } from '../bindings.ts'
import type { DeliveryContext, DeliveryOutcome } from './consumer.ts'
import { findRecipient } from './delivery-store.ts'
import { noticeMail } from './mail.ts'
import { hasMailer, sendMail } from './mailer.ts'
import type { DeliveryMessage } from './message.ts'

/** Tells a user what happened to their code. */
export async function deliverNotice(
  { env, tenant, db, now }: DeliveryContext,
  { userId, notice, noticeId }: Extract<DeliveryMessage, { kind: 'notice' }>,
): Promise<DeliveryOutcome> {
  if (!hasMailer(tenant.policy)) return { outcome: 'dropped', reason: 'no-mailer' }
  const recipient = await findRecipient({ db, tenantId: tenant.id }, userId)
  if (recipient === undefined) return { outcome: 'dropped', reason: 'no-account' }
  const { preferredLanguage } = JSON.parse(recipient.attributes) as { preferredLanguage?: unknown }
  const outcome = await sendMail(env, config(env).isLocalRun, tenant, {
    id: noticeId,
    type: 'reset-code.notice',
    to: recipient.email,
    mail: await noticeMail(tenant, preferredLanguage, notice),
    details: { notice },
    now,
  })
  return { outcome }
}
