import { config, databaseBinding } from '../config.ts'
import { settleReservation } from '../codes/redeem.ts'
import { faultName, writeEvent } from '../log.ts'
import { tenantOfId } from '../tenants/catalogue.ts'
import { findUserId } from '../users/user-store.ts'
import { deliverCode } from './deliver-code.ts'
import { deliverNotice } from './deliver-notice.ts'
import type { DeliveryContext, DeliveryOutcome } from './delivery.ts'
import { recordDelivery } from './delivery-store.ts'
import { openMessage, type DeliveryMessage } from './message.ts'

const DEAD_LETTERS = 'rescind-dead-letters'

/** Pause before the next attempt: 10 s, doubled each time, 20 min at most. */
const BACKOFF_S_MIN = 10
const BACKOFF_S_MAX = 1_200

/** The queue's consumer: every message is acknowledged or tried again by itself. */
export async function consumeDeliveries(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(batch.messages.map((message) => consume(message, batch.queue === DEAD_LETTERS, env)))
}

async function consume(message: Message, isDead: boolean, env: Env): Promise<void> {
  const log = { event: 'delivery' as const, messageId: message.id, attempts: message.attempts }
  try {
    const content = await openMessage(config(env).transientKeys, message.body)
    const context = content && (await contextOf(content, env))
    if (content === undefined || context === undefined) {
      writeEvent({ ...log, outcome: content === undefined ? 'unreadable' : 'tenant-gone' })
      message.ack()
      return
    }
    const ended = isDead ? await bury(context, content) : await deliver(context, content)
    writeEvent({ ...log, kind: content.kind, tenantId: content.tenantId, ...ended })
    if (ended.outcome === 'failed') message.retry({ delaySeconds: backoffSeconds(message.attempts) })
    else message.ack()
  } catch (error) {
    writeEvent({ ...log, outcome: 'failed', fault: faultName(error) })
    message.retry({ delaySeconds: backoffSeconds(message.attempts) })
  }
}

async function contextOf({ tenantId }: DeliveryMessage, env: Env): Promise<DeliveryContext | undefined> {
  const tenant = await tenantOfId(env.DB, tenantId)
  if (tenant === undefined) return undefined
  const db = databaseBinding(env, tenant.database)
  if (db === undefined) throw new Error('the database binding of a tenant is missing')
  const { peppers } = config(env)
  return { env, tenant, db, tenantId, policy: tenant.policy.code, peppers, now: Date.now() }
}

function deliver(context: DeliveryContext, message: DeliveryMessage): Promise<DeliveryOutcome> {
  switch (message.kind) {
    case 'asked-code':
    case 'issued-code':
      return deliverCode(context, message)
    case 'notice':
      return deliverNotice(context, message)
    case 'settlement':
      return settleLate(context, message)
  }
}

/** Records that a password hook has set a password, which the request itself could not record. */
async function settleLate(
  context: DeliveryContext,
  message: Extract<DeliveryMessage, { kind: 'settlement' }>,
): Promise<DeliveryOutcome> {
  await settleReservation(context, message)
  return { outcome: 'delivered' }
}

/** Ends a message that failed every attempt, with an event that administrators see. */
async function bury(context: DeliveryContext, message: DeliveryMessage): Promise<DeliveryOutcome> {
  const userId = 'code' in message ? await findUserId(context, message.emailKey) : message.userId
  const subjectId = message.kind === 'notice' ? message.noticeId : message.codeId
  const event = { userId, subjectId, occurredAt: message.requestedAt }
  const reason = 'attempts-exhausted'
  await recordDelivery(context, { ...event, action: 'delivery-failed', reason })
  return { outcome: 'dropped', reason }
}

function backoffSeconds(attempts: number): number {
  return Math.min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** (attempts - 1))
}
