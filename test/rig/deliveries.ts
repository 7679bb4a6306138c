import {
  createExecutionContext,
  createMessageBatch,
  getQueueResult,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import worker, { app } from '../../src/local.ts'
import { newRequest, SEND, sendCall, type Call, type Tenant } from './service.ts'

/** The delivery in slow motion: the queue keeps what is sent to it until the test has it handled. */

/** A queue that counts the calls to it, and keeps the messages. */
export function heldQueue() {
  const held = {
    calls: 0,
    messages: [] as unknown[],
    send: async (body: unknown) => {
      held.calls += 1
      held.messages.push(body)
    },
    sendBatch: async (batch: Iterable<{ body: unknown }>) => {
      held.calls += 1
      held.messages.push(...[...batch].map(({ body }) => body))
    },
  }
  return held
}

/** One request, and what it put into the queue, also after its answer. */
export async function requestHeld(url: string, options: Call, bindings: Partial<Env> = {}) {
  const held = heldQueue()
  const context = createExecutionContext()
  const queue = held as unknown as Queue
  const response = await app.fetch(
    newRequest(url, options),
    { ...env, DELIVERIES: queue, ...bindings },
    context,
  )
  await waitOnExecutionContext(context)
  return { response, messages: held.messages, calls: held.calls }
}

/** Asks for a code, and returns the message that will bring it. */
export async function ask(tenant: Tenant, emailAddress: string): Promise<unknown> {
  const { response, messages } = await requestHeld(`https://${tenant.host}${SEND}`, sendCall(emailAddress))
  if (response.status !== 200 || messages.length !== 1) throw new Error(`not sent: ${response.status}`)
  return messages[0]
}

export type Handling = { queue?: string; attempts?: number; bindings?: Partial<Env> }

/**
 * Has messages handled by our consumer, as one batch.
 *
 * @returns for each message `ack`, or the seconds after which it is to be tried again.
 */
export async function handle(
  messages: readonly unknown[],
  { queue = 'rescind-deliveries', attempts = 1, bindings = {} }: Handling = {},
): Promise<('ack' | number | undefined)[]> {
  const batch = createMessageBatch(
    queue,
    messages.map((body, index) => ({ id: String(index), timestamp: new Date(), attempts, body })),
  )
  // The runtime's helper says which messages are to be tried again, but not when.
  const delays = new Map<string, number | undefined>()
  for (const message of batch.messages) {
    const retry = message.retry.bind(message)
    Object.assign(message, {
      retry: (options?: QueueRetryOptions) => {
        delays.set(message.id, options?.delaySeconds)
        retry(options)
      },
    })
  }
  await worker.queue(batch, { ...env, ...bindings })
  const { explicitAcks, retryMessages } = await getQueueResult(batch, createExecutionContext())
  return batch.messages.map(({ id }) => {
    if (explicitAcks.includes(id)) return 'ack'
    return retryMessages.some(({ msgId }) => msgId === id) ? delays.get(id) : undefined
  })
}

export const DEAD_LETTERS = 'rescind-dead-letters'
