import { findRecipients } from '../users/user-store.ts'
import { planApart, type DeliveryContext, type Plan, type Planned } from './delivery.ts'
import { languageOf, noticeMail, reportUrl } from './mail.ts'
import { hasMailer } from './mailer.ts'
import type { NoticeMessage } from './message.ts'

/**
 * Plans the mails that tell users what happened to their codes.
 *
 * @returns every message with its plan, in their order.
 */
export async function planNotices(
  context: DeliveryContext,
  messages: readonly NoticeMessage[],
): Promise<Planned[]> {
  if (!hasMailer(context.tenant.policy)) {
    const plan: Plan = { tag: 'end', ended: { outcome: 'dropped', reason: 'no-mailer' } }
    return messages.map((message) => ({ message, plan }))
  }
  const recipients = await findRecipients(
    context,
    messages.map(({ userId }) => userId),
  )
  const planned = messages.map((message) =>
    planApart(message, planNotice(context, message, recipients.get(message.userId))),
  )
  return Promise.all(planned)
}

async function planNotice(
  { env, tenant, now }: DeliveryContext,
  { notice, mode = 'PASSWORD_RESET', channel, codeId, noticeId, userId, requestedAt }: NoticeMessage,
  recipient: { email: string; attributes: string } | undefined,
): Promise<Plan> {
  if (recipient === undefined) return { tag: 'end', ended: { outcome: 'dropped', reason: 'no-account' } }
  const { preferredLanguage } = JSON.parse(recipient.attributes) as { preferredLanguage?: unknown }
  const language = languageOf(tenant, preferredLanguage)
  const report = codeId && (await reportUrl({ env, tenant }, language, { userId, codeId, requestedAt }))
  const delivery = {
    id: noticeId,
    type: 'reset-code.notice' as const,
    to: recipient.email,
    mail: await noticeMail({ env, tenant }, language, { notice, mode, channel, reportUrl: report }),
    details: { notice, mode, channel, reportUrl: report },
    now,
  }
  return { tag: 'mail', delivery }
}
