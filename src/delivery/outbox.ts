import type { CodeMode } from '../codes/code.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Channel } from '../database/schema.ts'
import { StoreFault } from '../database/store-fault.ts'
import { faultName, writeEvent } from '../log.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { hasMailer } from './mailer.ts'
import { sealMessage, type DeliveryMessage, type Notice } from './message.ts'

/** Where a request of a tenant puts what is to be mailed. */
export type Outbox = {
  queue: Queue
  /** Keys that messages are encrypted with. */
  keys: Keyring
  tenant: Tenant
  /** Epoch ms of the request. */
  now: number
  requestId: string
  /** Keeps the isolate alive until the promise has settled, after the request is answered. */
  waitUntil(promise: Promise<unknown>): void
}

/**
 * Queues up to 100 messages, encrypted, in one call. Once it returns they are kept until handled.
 *
 * @param delaySeconds for how long they are kept at least.
 * @throws {StoreFault} when the queue fails; nothing is queued then.
 */
export async function queueDeliveries(
  { queue, keys }: Pick<Outbox, 'queue' | 'keys'>,
  messages: readonly DeliveryMessage[],
  delaySeconds = 0,
): Promise<void> {
  const sealed = await Promise.all(messages.map((message) => sealMessage(keys, message)))
  const [first] = sealed
  try {
    if (sealed.length > 1)
      await queue.sendBatch(
        sealed.map((body) => ({ body })),
        { delaySeconds },
      )
    else if (first !== undefined) await queue.send(first, { delaySeconds })
  } catch (cause) {
    throw new StoreFault('the queue failed', { cause })
  }
}

/**
 * Tells users what happened to their codes, if the tenant's policy says so. Not before the request has been
 * answered: an answer must not take longer for those who are told.
 *
 * @param codeIds of the code that each of them is told about, where they can report it.
 */
export function queueNotices(
  outbox: Outbox,
  notice: Notice,
  userIds: readonly string[],
  about: { mode?: CodeMode; channel?: Channel } = {},
  codeIds: readonly string[] = [],
): void {
  const { tenant, now, requestId } = outbox
  const { id: tenantId, policy } = tenant
  if (!policy.notify[notice] || !hasMailer(policy) || userIds.length === 0) return
  const queue = async () => {
    await answered()
    const messages = userIds.map((userId, nth) => ({
      kind: 'notice' as const,
      tenantId,
      userId,
      notice,
      mode: 'PASSWORD_RESET' as CodeMode,
      ...about,
      ...(codeIds[nth] !== undefined && { codeId: codeIds[nth] }),
      noticeId: crypto.randomUUID(),
      requestedAt: now,
    }))
    await queueDeliveries(outbox, messages)
  }
  const queued = queue().catch((error: unknown) => {
    writeEvent({ event: 'notice-lost', requestId, tenantId, notice, fault: faultName(error) })
  })
  outbox.waitUntil(queued)
}

/** Nothing but promises stands between a notice and its answer, and all of them settle before a timer ends. */
function answered(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0)
  })
}
