import type { Context } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { config } from '../bindings.ts'
import { faultName } from '../log.ts'
import { hasMailer } from './mailer.ts'
import { sealMessage, type DeliveryMessage, type Notice } from './message.ts'

/** Messages per call of the queue, and so codes per call of an administrator. */
const BATCH_SIZE_MAX = 100

/** Queues messages, encrypted, in one call. Once it returns they are kept until handled. */
export async function queueDeliveries(
  c: Context<AppEnv>,
  messages: readonly DeliveryMessage[],
): Promise<void> {
  const { transientKeys } = config(c.env)
  const sealed = await Promise.all(
    messages.slice(0, BATCH_SIZE_MAX).map((message) => sealMessage(transientKeys, message)),
  )
  const [first] = sealed
  if (sealed.length > 1) await c.env.DELIVERIES.sendBatch(sealed.map((body) => ({ body })))
  else if (first !== undefined) await c.env.DELIVERIES.send(first)
}

/**
 * Tells users what happened to their codes, if the tenant's policy says so. The request does not wait
 * for it: the change is made, and an answer must not take longer for those who are told.
 */
export function queueNotices(c: Context<AppEnv>, notice: Notice, userIds: readonly string[]): void {
  const { id: tenantId, policy } = c.var.tenant
  if (!policy.notify[notice] || !hasMailer(policy) || userIds.length === 0) return
  const messages = userIds.map((userId) => ({
    kind: 'notice' as const,
    tenantId,
    userId,
    notice,
    noticeId: crypto.randomUUID(),
  }))
  const queued = queueDeliveries(c, messages).catch((error: unknown) => {
    c.var.log.noticeFault = faultName(error)
  })
  c.executionCtx.waitUntil(queued)
}
