import { ExpiringMap } from '../expiring-map.ts'
import { faultName, writeEvent } from '../log.ts'
import type { Tenant } from '../tenants/tenant.ts'

/** A message for the consumer: whose events are due. It holds no event, so that nothing is lost with it. */
export type Poke = { tenantId: string; webhookId?: string }

/** How long a poke waits in the queue: whatever is committed meanwhile, it finds. */
const DELAY_S = 2
/** For how long one poke does for all requests of an isolate: shorter, since clocks differ. */
const COVERED_MS = 1_000
const TENANTS_MAX = 1_000

const covered = new ExpiringMap<true>(TENANTS_MAX)

/**
 * Tells the consumer that something may have happened to a tenant with webhooks, at most once a second in each
 * isolate. A poke that is lost is found by the cron trigger.
 */
export async function pokeWebhooks(
  queue: Queue,
  { id: tenantId, hasWebhooks }: Pick<Tenant, 'id' | 'hasWebhooks'>,
): Promise<void> {
  const now = Date.now()
  if (!hasWebhooks || covered.get(tenantId, now) !== undefined) return
  covered.set(tenantId, true, now + COVERED_MS)
  await sendPoke(queue, tenantId, DELAY_S)
}

/** Has the consumer look at a tenant after a while. */
export async function sendPoke(queue: Queue, tenantId: string, delaySeconds: number): Promise<void> {
  try {
    await queue.send({ tenantId } satisfies Poke, { delaySeconds })
  } catch (error) {
    writeEvent({ event: 'webhook', tenantId, outcome: 'poke-lost', fault: faultName(error) })
  }
}
