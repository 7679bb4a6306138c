import { config } from '../config.ts'
import type { CallEnd } from './circuit.ts'
import type { DeliveryContext, DeliveryOutcome, Plan } from './delivery.ts'
import { sendMail, type Delivery, type MailOutcome } from './mailer.ts'

/** How many mails of one tenant are under way at once: fewer than a batch may have, so that others get their turn. */
const SENDERS_PER_TENANT = 4

/**
 * Sends the mails of one tenant, and says of each what became of it. Once the tenant's hook hangs, or has
 * had its share of time, the rest stays as it is, to be tried from another queue or later.
 */
export async function sendAll(
  context: DeliveryContext,
  jobs: readonly { plan: Plan; ended: DeliveryOutcome }[],
): Promise<void> {
  // Every sender takes from the same jobs.
  const waiting = jobs.values()
  let isStopped = false
  async function sender(): Promise<void> {
    let spentMs = 0
    let hasHung = false
    for (const job of waiting) {
      const { plan } = job
      if (plan.tag === 'end') continue
      await context.slots.use(async () => {
        if (isStopped) return
        const startedAt = Date.now()
        const outcome = await send(context, plan.delivery)
        spentMs += Date.now() - startedAt
        job.ended = { outcome: endOf(context, outcome) }
        // Whoever met a call that hung makes no other, so that a batch waits for one deadline at most.
        hasHung = outcome === 'late'
        isStopped ||= !mayGoOn(context, outcome, spentMs)
      })
      if (hasHung) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(SENDERS_PER_TENANT, jobs.length) }, sender))
}

function send({ env, tenant, lane }: DeliveryContext, delivery: Delivery): Promise<MailOutcome> {
  return sendMail(env, config(env).isLocalRun, tenant, delivery, lane.deadlineMs)
}

/** A call that was given up in the fast lane is made again in the slow one, which waits longer. */
function endOf({ lane }: DeliveryContext, outcome: MailOutcome): DeliveryOutcome['outcome'] {
  if (outcome !== 'late') return outcome
  return lane.isSlow ? 'failed' : 'deferred'
}

const CALL_ENDS = {
  delivered: 'answered',
  rejected: 'answered',
  failed: 'failed',
  late: 'hung',
} as const satisfies Record<MailOutcome, CallEnd>

/** Whether more of the tenant's mails may be sent in this batch. Without a hook of its own it holds up nobody. */
function mayGoOn({ tenant, lane }: DeliveryContext, outcome: MailOutcome, spentMs: number): boolean {
  if (tenant.policy.mail.hook === undefined) return true
  const now = Date.now()
  if (!lane.circuit.note(tenant.id, CALL_ENDS[outcome], now)) return false
  if (outcome === 'late' || spentMs < lane.budgetMs) return true
  lane.circuit.open(tenant.id, now)
  return false
}
