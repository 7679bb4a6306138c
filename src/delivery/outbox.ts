import type { Context } from 'hono'
import type { AppEnv } from '../app-env.ts'
import { config } from '../bindings.ts'
import type { CodeMode } from '../codes/code.ts'
import { faultName, writeEvent } from '../log.ts'
import { StoreFault } from '../store-fault.ts'
import { hasMailer } from './mailer.ts'
import { sealMessage, type DeliveryMessage, type Notice } from './message.ts'

/**
 * Queues up to 100 messages, encrypted, in one call. Once it returns they are kept until handled.
 *
 * @throws {StoreFault} when the queue fails; nothing is queued then.
 */
export async function queueDeliveries(
  c: Context<AppEnv>,
  messages: readonly DeliveryMessage[],
): Promise<void> {
  const { transientKeys } = config(c.env)
  const sealed = await Promise.all(messages.map((message) => sealMessage(transientKeys, message)))
  const [first] = sealed
  try {
    if (sealed.length > 1) await c.env.DELIVERIES.sendBatch(sealed.map((body) => ({ body })))
    else if (first !== undefined) await c.env.DELIVERIES.send(first)
  } catch (cause) {
    throw new StoreFault('the queue failed', { cause })
  }
}

/**
 * Tells users what happened to their codes, if the tenant's policy says so. The request does not wait
 * for it: the change is made, and an answer must not take longer for those who are told.
 */
export function queueNotices(
  c: Context<AppEnv>,
  notice: Notice,
  userIds: readonly string[],
  mode: CodeMode = 'PASSWORD_RESET',
): void {
  const tenant = c.get('tenant')
  const now = c.get('now')
  const { requestId } = c.get('log')
  const { id: tenantId, policy } = tenant
  if (!policy.notify[notice] || !hasMailer(policy) || userIds.length === 0) return
  const messages = userIds.map((userId) => ({
    kind: 'notice' as const,
    tenantId,
    userId,
    notice,
    mode,
    noticeId: crypto.randomUUID(),
    requestedAt: now,
  }))
  const queued = queueDeliveries(c, messages).catch((error: unknown) => {
    writeEvent({ event: 'notice-lost', requestId, tenantId, notice, fault: faultName(error) })
  })
  c.executionCtx.waitUntil(queued)
}
