import type { Log } from './event-type.ts'

/** Which event a call is about. */
export type EventNumber = { log: Log; seq: number }

/**
 * The `webhook-id` of an event: the same for every attempt, every replay and every webhook. It holds no full stop, which
 * separates what is signed.
 */
export function messageId(tenantId: string, { log, seq }: EventNumber): string {
  return `evt_${tenantId}_${log}_${seq}`
}

/** The event that the `webhook-id` names, or nothing where it is none of this tenant. */
export function eventOfMessageId(tenantId: string, id: string): EventNumber | undefined {
  const [, log, seq] = /_(admin|user)_([1-9]\d{0,14})$/.exec(id) ?? []
  const event = { log: log as Log, seq: Number(seq) }
  return log !== undefined && messageId(tenantId, event) === id ? event : undefined
}
