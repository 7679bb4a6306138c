import { config, databaseBinding } from '../config.ts'
import { faultName, writeEvent } from '../log.ts'
import { tenantOfId } from '../tenants/catalogue.ts'
import { pokeWebhooks } from '../webhooks/poke.ts'
import { bury } from './bury.ts'
import { deliverAll } from './deliver-all.ts'
import type { DeliveryContext, DeliveryOutcome } from './delivery.ts'
import { FAST_LANE, SLOW_LANE } from './lane.ts'
import { openMessage, type DeliveryMessage } from './message.ts'
import { moveToSlow, readBody, SLOW_DELIVERIES } from './slow-queue.ts'
import { Slots } from '../hooks/slots.ts'

const DEAD_LETTERS = 'rescind-dead-letters'

/** Pause before the next attempt: 10 s, doubled each time, 20 min at most. */
const BACKOFF_S_MIN = 10
const BACKOFF_S_MAX = 1_200
/** A message is given up after so many attempts in all; a queue counts those that it made itself. */
const ATTEMPTS_MAX = 10

/** Connections that one invocation may have open at once: any more would wait for these, deadline and all. */
const CONNECTIONS_MAX = 6

/** What the handling of one message ended in. */
export type MessageEnd = DeliveryOutcome | { outcome: 'unreadable' | 'tenant-gone' }

/** A message of a batch. */
type Letter = {
  message: Message
  sealed: unknown
  /** Nothing where it is not one of ours. */
  content: DeliveryMessage | undefined
  /** Attempts in all queues, with this one. */
  attempts: number
  /** Until it is handled, the fault that kept it from that. */
  ended: MessageEnd
}

type OpenLetter = Letter & { content: DeliveryMessage }
type Batch = { queue: string; env: Env; slots: Slots }

/**
 * The consumer of all queues. Messages are handled together by tenant, so that tenants neither wait nor
 * fail for each other; each message is acknowledged or tried again by itself.
 */
export async function consumeDeliveries({ queue, messages }: MessageBatch, env: Env): Promise<void> {
  const batch = { queue, env, slots: new Slots(CONNECTIONS_MAX) }
  const letters = await Promise.all(messages.map((message) => open(message, env)))
  const byTenant = Map.groupBy(letters.filter(isOpen), ({ content }) => content.tenantId)
  await Promise.all([...byTenant].map(([tenantId, some]) => handle(tenantId, some, batch)))
  for (const letter of letters) settle(letter, queue)
}

async function open(message: Message, env: Env): Promise<Letter> {
  const { sealed, attemptsBefore } = readBody(message.body)
  const letter = { message, sealed, content: undefined, attempts: message.attempts + attemptsBefore }
  try {
    const content = await openMessage(config(env).transientKeys, sealed)
    return { ...letter, content, ended: { outcome: content === undefined ? 'unreadable' : 'failed' } }
  } catch (error) {
    return { ...letter, ended: { outcome: 'failed', fault: faultName(error) } }
  }
}

function isOpen(letter: Letter): letter is OpenLetter {
  return letter.content !== undefined
}

/** Says in each letter of a tenant what became of it. A fault of ours fails those that it met. */
async function handle(tenantId: string, letters: readonly OpenLetter[], batch: Batch): Promise<void> {
  try {
    const context = await contextOf(tenantId, batch)
    if (context === undefined) for (const letter of letters) letter.ended = { outcome: 'tenant-gone' }
    else if (batch.queue === DEAD_LETTERS) await buryAll(context, letters)
    else await deliverOrMove(context, letters)
    if (context !== undefined) await pokeWebhooks(context.env.WEBHOOKS, context.tenant)
  } catch (error) {
    for (const letter of letters) letter.ended = { outcome: 'failed', fault: faultName(error) }
  }
}

async function contextOf(
  tenantId: string,
  { queue, env, slots }: Batch,
): Promise<DeliveryContext | undefined> {
  const tenant = await tenantOfId(env.DB, tenantId)
  if (tenant === undefined) return undefined
  const db = databaseBinding(env, tenant.database)
  if (db === undefined) throw new Error('the database binding of a tenant is missing')
  const { peppers } = config(env)
  const lane = queue === SLOW_DELIVERIES ? SLOW_LANE : FAST_LANE
  return { env, tenant, db, tenantId, policy: tenant.policy.code, peppers, now: Date.now(), lane, slots }
}

async function deliverOrMove(context: DeliveryContext, letters: readonly OpenLetter[]): Promise<void> {
  const ends = await deliverAll(
    context,
    letters.map(({ content }) => content),
  )
  for (const letter of letters) letter.ended = ends.get(letter.content) ?? letter.ended
  if (context.lane.isSlow) {
    const given = letters.filter(({ ended, attempts }) => isToRepeat(ended) && attempts >= ATTEMPTS_MAX)
    await buryAll(context, given)
    return
  }
  const deferred = letters.filter(({ ended }) => ended.outcome === 'deferred')
  try {
    const bodies = deferred.map(({ sealed, attempts }) => ({ sealed, attemptsBefore: attempts - 1 }))
    if (bodies.length > 0) await moveToSlow(context.env.SLOW_DELIVERIES, bodies)
  } catch (error) {
    for (const letter of deferred) letter.ended = { outcome: 'failed', fault: faultName(error) }
  }
}

async function buryAll(context: DeliveryContext, letters: readonly OpenLetter[]): Promise<void> {
  const burials = letters.map(async (letter) => {
    try {
      letter.ended = await bury(context, letter.content)
    } catch (error) {
      letter.ended = { outcome: 'failed', fault: faultName(error) }
    }
  })
  await Promise.all(burials)
}

/** Acknowledges a message whose outcome is recorded, or which was moved; any other is tried again. */
function settle({ message, content, attempts, ended }: Letter, queue: string): void {
  const known = content === undefined ? {} : { kind: content.kind, tenantId: content.tenantId }
  writeEvent({ event: 'delivery', messageId: message.id, attempts, ...known, ...ended })
  const isMoved = ended.outcome === 'deferred' && queue !== SLOW_DELIVERIES
  if (isToRepeat(ended) && !isMoved) message.retry({ delaySeconds: backoffSeconds(attempts) })
  else message.ack()
}

function isToRepeat({ outcome }: MessageEnd): boolean {
  return outcome === 'failed' || outcome === 'deferred'
}

function backoffSeconds(attempts: number): number {
  return Math.min(BACKOFF_S_MAX, BACKOFF_S_MIN * 2 ** (attempts - 1))
}
