import { config } from '../config.ts'
import { newCodeDigest } from '../codes/code.ts'
import { codeScope } from '../codes/code-context.ts'
import { findDeliverable, issueAsked, type Deliverable } from '../codes/deliverable-store.ts'
import type { DeliveryContext, DeliveryOutcome } from './delivery.ts'
import { recordDelivery } from './delivery-store.ts'
import { codeMail, noAccountMail } from './mail.ts'
import { hasMailer, sendMail, type Delivery } from './mailer.ts'
import type { CodeMessage } from './message.ts'
import { mayMailStranger } from './stranger-budget.ts'
import type { CodeOccasion } from './texts/mail-texts.ts'

/** Nothing is sent to an address without an enabled user, unless the tenant wants it told. */
const NO_ACCOUNT = { outcome: 'dropped', reason: 'no-account' } as const

/**
 * Mails a code, if it is still the user's live one: what was voided or superseded since it was asked
 * for is dropped. A code that a user asked for is issued here first.
 */
export async function deliverCode(context: DeliveryContext, message: CodeMessage): Promise<DeliveryOutcome> {
  const { tenant } = context
  const about = { subjectId: message.codeId, occurredAt: message.requestedAt }
  if (!hasMailer(tenant.policy)) {
    const reason = 'no-mailer'
    await recordDelivery(context, { userId: null, action: 'delivery-failed', reason, ...about })
    return { outcome: 'rejected', reason }
  }
  const found = await deliverable(context, message)
  switch (found.tag) {
    case 'nobody':
      return message.kind === 'asked-code' ? tellNoAccount(context, message) : NO_ACCOUNT
    case 'dropped': {
      const { userId, reason } = found
      await recordDelivery(context, { userId, action: 'delivery-failed', reason, ...about })
      return { outcome: 'dropped', reason }
    }
    case 'live': {
      const outcome = await mailCode(context, message, found)
      if (outcome === 'failed') return { outcome }
      const event =
        outcome === 'delivered'
          ? { action: 'delivered' as const }
          : { action: 'delivery-failed' as const, reason: outcome }
      await recordDelivery(context, { userId: found.userId, ...event, ...about })
      return { outcome }
    }
  }
}

function deliverable(context: DeliveryContext, message: CodeMessage): Promise<Deliverable> {
  const { tenantId, policy, peppers } = context
  const { emailKey, codeId, code } = message
  if (message.kind === 'issued-code') {
    return findDeliverable(codeScope(context, message.mode), emailKey, codeId)
  }
  const mode = 'PASSWORD_RESET'
  return issueAsked(codeScope(context, mode), {
    emailKey,
    codeId,
    ...newCodeDigest(peppers, { tenantId, emailKey, mode }, code),
    requestedAt: message.requestedAt,
    expiresAt: message.requestedAt + policy.ttlMinutes * 60_000,
    network: message.network ?? null,
  })
}

async function mailCode(
  { env, tenant, now }: DeliveryContext,
  message: CodeMessage,
  { email, userName, attributes, expiresAt }: Extract<Deliverable, { tag: 'live' }>,
) {
  const { code } = message
  const mode = message.kind === 'issued-code' ? message.mode : 'PASSWORD_RESET'
  const { preferredLanguage } = JSON.parse(attributes) as { preferredLanguage?: unknown }
  const delivery: Delivery = {
    id: message.codeId,
    type: 'reset-code.issued',
    to: (message.kind === 'issued-code' ? message.to : null) ?? email,
    mail: await codeMail(tenant, preferredLanguage, {
      code,
      occasion: occasionOf(message),
      validMs: expiresAt - now,
    }),
    details: { userName, code, mode, expiresAt: new Date(expiresAt).toISOString() },
    now,
  }
  return sendMail(env, config(env).isLocalRun, tenant, delivery)
}

function occasionOf(message: CodeMessage): CodeOccasion {
  if (message.kind === 'asked-code') return 'asked'
  return message.mode === 'PASSWORD_RESET' ? 'issued' : 'enrolment'
}

async function tellNoAccount(
  context: DeliveryContext,
  { emailKey, codeId, network }: Extract<CodeMessage, { kind: 'asked-code' }>,
): Promise<DeliveryOutcome> {
  const { env, tenant, now } = context
  if (tenant.policy.unknownAddress === 'silent' || emailKey === '') return NO_ACCOUNT
  if (!(await mayMailStranger(context, network))) return { outcome: 'dropped', reason: 'too-many-strangers' }
  const delivery: Delivery = {
    id: codeId,
    type: 'reset-code.no-account',
    to: emailKey,
    mail: await noAccountMail(tenant),
    details: {},
    now,
  }
  return { outcome: await sendMail(env, config(env).isLocalRun, tenant, delivery) }
}
