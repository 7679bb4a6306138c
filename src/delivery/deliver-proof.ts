import { findSendable, type Sendable } from '../codes/proof-store.ts'
import { secondDestination } from '../codes/verification.ts'
import { planApart, type DeliveryContext, type Plan, type Planned } from './delivery.ts'
import { proofMail } from './mail.ts'
import { hasMailer } from './mailer.ts'
import type { ProofMessage } from './message.ts'

/**
 * Plans how callers are sent the codes by which they show who they are. Where to is looked up here, from what is stored
 * of the user by then: never the address that the account is recovered by.
 *
 * @returns every message with its plan, in their order.
 */
export async function planProofs(
  context: DeliveryContext,
  messages: readonly ProofMessage[],
): Promise<Planned[]> {
  if (!hasMailer(context.tenant.policy)) {
    return messages.map((message) => ({ message, plan: NO_MAILER }))
  }
  const sendable = await findSendable(
    context,
    messages.map(({ verificationId }) => verificationId),
  )
  const planned = messages.map(async (message) => {
    const verification = sendable.get(message.verificationId)
    if (verification?.proofDigest !== message.proofDigest) return { message, plan: NOT_AWAITED }
    return planApart(message, planProof(context, message, verification))
  })
  return Promise.all(planned)
}

async function planProof(
  { env, tenant, now }: DeliveryContext,
  { proof, proofId }: ProofMessage,
  verification: Sendable,
): Promise<Plan> {
  const { method, attributes, expiresAt } = verification
  const to = secondDestination(verification, method)
  // By the tenant's hook alone, since no mail is addressed to a number.
  if (to === undefined || (method === 'phone' && tenant.policy.mail.hook === undefined)) return NOWHERE
  const { preferredLanguage } = JSON.parse(attributes) as { preferredLanguage?: unknown }
  const delivery = {
    id: proofId,
    type: 'verification.code' as const,
    to,
    mail: await proofMail({ env, tenant }, preferredLanguage, { proof, validMs: expiresAt - now }),
    details: { channel: method, code: proof, expiresAt: new Date(expiresAt).toISOString() },
    now,
  }
  return { tag: 'mail', delivery }
}

const NO_MAILER: Plan = { tag: 'end', ended: { outcome: 'dropped', reason: 'no-mailer' } }
const NOT_AWAITED: Plan = { tag: 'end', ended: { outcome: 'dropped', reason: 'not-awaited' } }
const NOWHERE: Plan = { tag: 'end', ended: { outcome: 'dropped', reason: 'no-destination' } }
