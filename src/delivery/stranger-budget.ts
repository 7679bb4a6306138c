import type { Ask, Demand } from '../limits/tenant-buckets.ts'
import type { DeliveryContext } from './delivery.ts'

/** Mails to addresses without an account that one network may cause at a tenant: 5 at once, and 5 an hour. */
export const STRANGERS_PER_NETWORK = { perMinute: 5 / 60, burst: 5 }

/** Mails to addresses without an account that all networks together may cause at a tenant: 60 at once, and 60 an hour. */
export const STRANGERS_PER_TENANT = { perMinute: 1, burst: 60 }

/** All consumers of the queue ask as one, since none waits for its turn. */
const ASKER = 'deliveries'

/**
 * Takes one mail to a stranger from the budgets of its tenant and of the network that asked. The request cannot ask,
 * since it must not know whether there is an account, and its answer must not tell (N1). Only a mail to a stranger
 * costs this call, after the answer.
 *
 * @returns whether the mail may be sent.
 * @throws when the limiter cannot be reached: the mail then waits, for nobody may be mailed without a limit (F3).
 */
export async function mayMailStranger(
  { env, tenantId }: DeliveryContext,
  network: string | null | undefined,
): Promise<boolean> {
  const answers = await env.TENANT_LIMITER.getByName(tenantId).answer(ASKER, [
    askFor('strangers', STRANGERS_PER_TENANT),
    askFor(`strangers:${network ?? 'unknown'}`, STRANGERS_PER_NETWORK),
  ])
  return answers.every(({ retryMs }) => retryMs === 0)
}

function askFor(key: string, rate: Pick<Demand, 'perMinute' | 'burst'>): Ask {
  return { bucket: 'strangers', key, ...rate, cost: 1, demandPerSecond: 0, reports: [] }
}
