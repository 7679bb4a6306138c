import { config } from '../bindings.ts'
import { newCodeDigest } from '../codes/code.ts'
import { findDeliverable, issueAsked, type Deliverable } from '../codes/issue-store.ts'
import { scopeOf } from '../codes/lifecycle.ts'
import type { DeliveryContext, DeliveryOutcome } from './consumer.ts'
import { recordDelivery } from './delivery-store.ts'
import { codeMail, noAccountMail } from './mail.ts'
import { hasMailer, sendMail, type Delivery } from './mailer.ts'
import type { CodeMessage } from './message.ts'

/** Nothing is sent to an address without an enabled user, unless the tenant wants it told. */
const NO_ACCOUNT = { outcome: 'dropped', reason: 'no-account' } as const

/**
 * Mails a code, if it is still the user's live one: what was voided or superseded since it was asked
 * for is dropped. A code that a user asked for is issued here first.
 */
export async function deliverCode(context: DeliveryContext, message: CodeMessage): Promise<DeliveryOutcome> {
  const { tenant, db, now } = context
  const about = { subjectId: message.codeId, occurredAt: message.requestedAt }
  const scope = { db, tenantId: tenant.id, now }
  if (!hasMailer(tenant.policy)) {
    const reason = 'no-mailer'
    await recordDelivery(scope, { userId: null, action: 'delivery-failed', reason, ...about })
    return { outcome: 'rejected', reason }
  }
  const found = await deliverable(context, message)
  switch (found.tag) {
    case 'nobody':
      return message.kind === 'asked-code' ? tellNoAccount(context, message) : NO_ACCOUNT
    case 'dropped': {
      const { userId, reason } = found
      await recordDelivery(scope, { userId, action: 'delivery-failed', reason, ...about })
      return { outcome: 'dropped', reason }
    }
    case 'live': {
      const outcome = await mailCode(context, message, found)
      if (outcome === 'failed') return { outcome }
      const event =
        outcome === 'delivered'
          ? { action: 'delivered' as const }
          : { action: 'delivery-failed' as const, reason: outcome }
      await recordDelivery(scope, { userId: found.userId, ...event, ...about })
      return { outcome }
    }
  }
}

function deliverable({ env, tenant, db, now }: DeliveryContext, message: CodeMessage): Promise<Deliverable> {
  const { peppers } = config(env)
  const context = { db, tenant, peppers, now }
  const { emailKey, codeId, code } = message
  if (message.kind === 'issued-code') {
    return findDeliverable(scopeOf(context, message.mode), emailKey, codeId)
  }
  const mode = 'PASSWORD_RESET'
  return issueAsked(scopeOf(context, mode), {
    emailKey,
    codeId,
    ...newCodeDigest(peppers, { tenantId: tenant.id, emailKey, mode }, code),
    requestedAt: message.requestedAt,
    expiresAt: message.requestedAt + tenant.policy.code.ttlMinutes * 60_000,
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
    mail: await codeMail(tenant, preferredLanguage, { code, mode, validMs: expiresAt - now }),
    details: { userName, code, mode, expiresAt: new Date(expiresAt).toISOString() },
    now,
  }
  return sendMail(env, config(env).isLocalRun, tenant, delivery)
}

async function tellNoAccount(
  { env, tenant, now }: DeliveryContext,
  { emailKey, codeId }: CodeMessage,
): Promise<DeliveryOutcome> {
  if (tenant.policy.unknownAddress === 'silent' || emailKey === '') return NO_ACCOUNT
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
