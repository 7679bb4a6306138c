import { runApart } from '../codes/apart.ts'
import type { TenantScope } from '../database/scope.ts'
import { faultName } from '../log.ts'
import type { DeliveryOutcome, Plan } from './delivery.ts'
import { recordDeliveries, type DeliveryEvent } from './delivery-store.ts'

type Job = { plan: Plan; ended: DeliveryOutcome }

/**
 * Records what became of messages, in one round trip. What cannot be recorded has failed, so that its
 * message is not acknowledged.
 */
export async function recordAll(scope: TenantScope, jobs: readonly Job[]): Promise<void> {
  const items = jobs.flatMap((job) => {
    const event = eventOf(job)
    return event === undefined ? [] : [{ job, event }]
  })
  if (items.length === 0) return
  const record = () =>
    runApart(items, async (some) => {
      const events = some.map(({ event }) => event)
      await recordDeliveries(scope, events)
      return [...some]
    })
  try {
    // Tried twice: the mails are out, and each that is not recorded is mailed again.
    for (const each of await record().catch(record)) {
      if (each.tag === 'failed') each.item.job.ended = { outcome: 'failed', fault: each.fault }
    }
  } catch (error) {
    for (const { job } of items) job.ended = { outcome: 'failed', fault: faultName(error) }
  }
}

/** A mail that has to be tried again leaves no event, and neither does one that nobody's event is about. */
function eventOf({ plan, ended: { outcome } }: Job): DeliveryEvent | undefined {
  if (plan.tag === 'end') return plan.event
  if (plan.about === undefined) return undefined
  switch (outcome) {
    case 'delivered':
      return { ...plan.about, action: 'delivered', reason: '' }
    case 'rejected':
      return { ...plan.about, action: 'delivery-failed', reason: outcome }
    case 'dropped':
    case 'failed':
    case 'deferred':
      return undefined
  }
}
