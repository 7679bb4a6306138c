import { isRecord, ownMember } from '../record.ts'

/** The queue of what waits for slow hooks. */
export const SLOW_DELIVERIES = 'rescind-slow-deliveries'

/** A sealed message, with how often it was tried before it came into its queue. */
type QueuedBody = { sealed: unknown; attemptsBefore: number }

/** What is in a message of any of the queues. Only those that were moved say how often they were tried. */
export function readBody(body: unknown): QueuedBody {
  const attemptsBefore = isRecord(body) ? ownMember(body, 'attemptsBefore') : undefined
  if (!isRecord(body) || typeof attemptsBefore !== 'number') return { sealed: body, attemptsBefore: 0 }
  return { sealed: ownMember(body, 'sealed'), attemptsBefore }
}

/** Moves up to 100 messages, in one call. Once it returns they are kept there. */
export async function moveToSlow(queue: Queue, bodies: readonly QueuedBody[]): Promise<void> {
  await queue.sendBatch(bodies.map((body) => ({ body })))
}
