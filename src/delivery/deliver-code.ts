import { runApart } from '../codes/apart.ts'
import { newCodeDigest } from '../codes/code.ts'
import { codeScope } from '../codes/code-context.ts'
import { findDeliverables, type Deliverable, type QueuedCode } from '../codes/deliverable-store.ts'
import { planApart, planOfFault, type DeliveryContext, type Plan, type Planned } from './delivery.ts'
import { codeMail, noAccountMail, type CodeOccasion } from './mail.ts'
import { hasMailer, type Delivery } from './mailer.ts'
import type { CodeMessage } from './message.ts'
import { mayMailStranger } from './stranger-budget.ts'

/** Nothing is sent to an address without an enabled user, unless the tenant wants it told. */
const NO_ACCOUNT: Plan = { tag: 'end', ended: { outcome: 'dropped', reason: 'no-account' } }

/**
 * Plans the mails of codes that are still their users' live ones: what was voided or superseded since it
 * was asked for is dropped. Codes that users asked for are issued here first, all in one transaction.
 *
 * @returns every message with its plan, in their order.
 */
export async function planCodes(
  context: DeliveryContext,
  messages: readonly CodeMessage[],
): Promise<Planned[]> {
  if (!hasMailer(context.tenant.policy)) {
    return messages.map((message) => ({ message, plan: planWithoutMailer(message) }))
  }
  const scope = codeScope(context, 'PASSWORD_RESET')
  const queued = messages.map((message) => ({ ...queuedCode(context, message), message }))
  const found = await runApart(queued, (some) => findDeliverables(scope, some))
  const planned = found.map(async (each) => {
    if (each.tag === 'failed') return { message: each.item.message, plan: planOfFault(each.fault) }
    const { code, deliverable } = each.done
    return planApart(code.message, planCode(context, code.message, deliverable))
  })
  return Promise.all(planned)
}

function planWithoutMailer({ codeId, requestedAt }: CodeMessage): Plan {
  const reason = 'no-mailer'
  const about = { subjectId: codeId, occurredAt: requestedAt }
  return {
    tag: 'end',
    ended: { outcome: 'rejected', reason },
    event: { userId: null, action: 'delivery-failed', reason, ...about },
  }
}

function queuedCode({ tenantId, policy, peppers }: DeliveryContext, message: CodeMessage): QueuedCode {
  const { emailKey, codeId, code, requestedAt } = message
  if (message.kind === 'issued-code') return { emailKey, codeId, network: null, mode: message.mode }
  const mode = 'PASSWORD_RESET'
  const digest = newCodeDigest(peppers, { tenantId, emailKey, mode }, code)
  const expiresAt = requestedAt + policy.ttlMinutes * 60_000
  const network = message.network ?? null
  return { emailKey, codeId, network, mode, asked: { ...digest, requestedAt, expiresAt } }
}

async function planCode(
  context: DeliveryContext,
  message: CodeMessage,
  deliverable: Deliverable,
): Promise<Plan> {
  const about = { subjectId: message.codeId, occurredAt: message.requestedAt }
  switch (deliverable.tag) {
    case 'nobody':
      return message.kind === 'asked-code' ? planNoAccount(context, message) : NO_ACCOUNT
    case 'dropped': {
      const { userId, reason } = deliverable
      const event = { userId, action: 'delivery-failed' as const, reason, ...about }
      return { tag: 'end', ended: { outcome: 'dropped', reason }, event }
    }
    case 'live': {
      const delivery = await codeDelivery(context, message, deliverable)
      return { tag: 'mail', delivery, about: { userId: deliverable.userId, ...about } }
    }
  }
}

async function codeDelivery(
  { env, tenant, now }: DeliveryContext,
  message: CodeMessage,
  { email, userName, attributes, expiresAt }: Extract<Deliverable, { tag: 'live' }>,
): Promise<Delivery> {
  const { code } = message
  const mode = message.kind === 'issued-code' ? message.mode : 'PASSWORD_RESET'
  const { preferredLanguage } = JSON.parse(attributes) as { preferredLanguage?: unknown }
  return {
    id: message.codeId,
    type: 'reset-code.issued',
    to: (message.kind === 'issued-code' ? message.to : null) ?? email,
    mail: await codeMail({ env, tenant }, preferredLanguage, {
      code,
      codeId: message.codeId,
      emailKey: message.emailKey,
      occasion: occasionOf(message),
      validMs: expiresAt - now,
      expiresAt,
    }),
    details: { userName, code, mode, expiresAt: new Date(expiresAt).toISOString() },
    now,
  }
}

function occasionOf(message: CodeMessage): CodeOccasion {
  if (message.kind === 'asked-code') return 'asked'
  return message.mode === 'PASSWORD_RESET' ? 'issued' : 'enrolment'
}

async function planNoAccount(
  context: DeliveryContext,
  { emailKey, codeId, network }: Extract<CodeMessage, { kind: 'asked-code' }>,
): Promise<Plan> {
  const { tenant, now } = context
  if (tenant.policy.unknownAddress === 'silent' || emailKey === '') return NO_ACCOUNT
  if (!(await mayMailStranger(context, network))) {
    return { tag: 'end', ended: { outcome: 'dropped', reason: 'too-many-strangers' } }
  }
  const mail = await noAccountMail(context)
  const delivery: Delivery = {
    id: codeId,
    type: 'reset-code.no-account',
    to: emailKey,
    mail,
    details: {},
    now,
  }
  return { tag: 'mail', delivery }
}
