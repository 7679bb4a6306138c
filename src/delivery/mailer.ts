import type { Policy } from '../tenants/policy.ts'
import type { Tenant } from '../tenants/tenant.ts'
import type { Mail } from './mail.ts'
import { callHook } from '../hooks/webhook.ts'

/** What became of a mail. `failed` and `late` may be tried again; `rejected` would be rejected again. */
export type MailOutcome = 'delivered' | 'rejected' | 'failed' | 'late'

/** A mail to be sent, with what a hook needs to send it by another way than mail. */
export type Delivery = {
  /** The same for every attempt, so that a hook can tell a repetition. */
  id: string
  type:
    | 'reset-code.issued'
    | 'reset-code.no-account'
    | 'reset-code.notice'
    | 'desk.alert'
    | 'verification.code'
  to: string
  mail: Mail
  details: object
  now: number
}

/** Whether the tenant can send mail, by its hook or from its address. */
export function hasMailer({ mail }: Policy): boolean {
  return mail.hook !== undefined || mail.from !== undefined
}

/**
 * Sends by the tenant's hook if it has one, else through the `send_email` binding.
 *
 * @param deadlineMs how long a hook may take.
 */
export async function sendMail(
  env: Pick<Env, 'EMAIL'>,
  isLocalRun: boolean,
  { policy, name }: Tenant,
  delivery: Delivery,
  deadlineMs: number,
): Promise<MailOutcome> {
  const { hook, from, name: senderName = name } = policy.mail
  if (hook !== undefined) return sendByHook(hook, isLocalRun, delivery, deadlineMs)
  if (from === undefined) return 'rejected'
  const { subject, text, html } = delivery.mail
  try {
    await env.EMAIL.send({ from: { email: from, name: senderName }, to: delivery.to, subject, text, html })
    return 'delivered'
  } catch (error) {
    return isRejection(error) ? 'rejected' : 'failed'
  }
}

async function sendByHook(
  hook: { url: string; secret: string },
  isLocalRun: boolean,
  { id, type, to, mail, details, now }: Delivery,
  deadlineMs: number,
): Promise<MailOutcome> {
  const call = { hook, id, type, data: { to, ...mail, ...details }, now }
  const answer = await callHook(call, isLocalRun, deadlineMs)
  if (answer.tag !== 'answered') return answer.tag === 'late' ? 'late' : 'failed'
  if (answer.status >= 200 && answer.status < 300) return 'delivered'
  // 410 Gone is how Standard Webhooks refuses for good.
  return answer.status === 410 ? 'rejected' : 'failed'
}

/** Errors that another attempt would meet again. */
function isRejection(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  return ['E_RECIPIENT_SUPPRESSED', 'E_RECIPIENT_NOT_ALLOWED', 'E_VALIDATION_ERROR'].includes(String(code))
}
