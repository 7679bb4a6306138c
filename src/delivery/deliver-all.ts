import { settleReservation } from '../codes/redeem.ts'
import { faultName } from '../log.ts'
import { planAlerts } from './deliver-alert.ts'
import { planCodes } from './deliver-code.ts'
import { planNotices } from './deliver-notice.ts'
import { planProofs } from './deliver-proof.ts'
import { planOfFault, type DeliveryContext, type DeliveryOutcome, type Planned } from './delivery.ts'
import { recordAll } from './record-all.ts'
import type { DeliveryMessage, SettlementMessage } from './message.ts'
import { sendAll } from './send-all.ts'

type Handled = { message: DeliveryMessage; ended: DeliveryOutcome }

/**
 * Handles messages of one tenant together: one round trip to D1 finds or issues all codes, the mails go
 * out side by side, and one more round trip records what became of them. What fails for one message fails
 * that one alone.
 *
 * @returns what became of each message.
 */
export async function deliverAll(
  context: DeliveryContext,
  messages: readonly DeliveryMessage[],
): Promise<Map<DeliveryMessage, DeliveryOutcome>> {
  const { tenant, lane } = context
  const settlements = messages.filter((message) => message.kind === 'settlement')
  const mails = messages.filter((message) => message.kind !== 'settlement')
  const hasHook = tenant.policy.mail.hook !== undefined
  const admitted = hasHook ? lane.circuit.admit(tenant.id, mails.length, context.now) : mails.length
  const handled = await Promise.all([
    ...settlements.map((message) => settleLate(context, message)),
    mailAll(context, mails.slice(0, admitted)),
  ])
  const deferred = mails
    .slice(admitted)
    .map((message) => ({ message, ended: { outcome: 'deferred' as const } }))
  return new Map([...handled.flat(), ...deferred].map(({ message, ended }) => [message, ended]))
}

/** Records that a password hook has set a password, which the request itself could not record. */
async function settleLate(context: DeliveryContext, message: SettlementMessage): Promise<Handled> {
  try {
    await settleReservation(context, message)
    return { message, ended: { outcome: 'delivered' } }
  } catch (error) {
    return { message, ended: { outcome: 'failed', fault: faultName(error) } }
  }
}

async function mailAll(
  context: DeliveryContext,
  messages: readonly Planned['message'][],
): Promise<Handled[]> {
  const codes = messages.filter((message) => 'code' in message)
  const proofs = messages.filter((message) => message.kind === 'proof')
  const notices = messages.filter((message) => message.kind === 'notice')
  const alerts = messages.filter((message) => message.kind === 'alert')
  const planned = await Promise.all([
    planOrFail(codes, () => planCodes(context, codes)),
    planOrFail(notices, () => planNotices(context, notices)),
    planOrFail(alerts, () => planAlerts(context, alerts)),
    planOrFail(proofs, () => planProofs(context, proofs)),
  ])
  const jobs = planned.flat().map(({ message, plan }) => {
    const ended: DeliveryOutcome = plan.tag === 'end' ? plan.ended : { outcome: 'deferred' }
    return { message, plan, ended }
  })
  await sendAll(context, jobs)
  await recordAll(context, jobs)
  return jobs
}

/** The plans of messages. Where they cannot be made, that is not the failure of other messages. */
async function planOrFail(
  messages: readonly Planned['message'][],
  planAll: () => Promise<Planned[]>,
): Promise<Planned[]> {
  if (messages.length === 0) return []
  try {
    return await planAll()
  } catch (error) {
    return messages.map((message) => ({ message, plan: planOfFault(faultName(error)) }))
  }
}
