/** Who did something, and from where. Every admin event says it. */
export type Actor = {
  /** Access id of the key whose token asked for it. */
  accessId: string
  /** Address of the client as Cloudflare saw it. */
  sourceIp: string
  requestId: string
}

/** A new event's id: UUIDv7 (RFC 9562 §5.7), so that events sort by time without an index. */
export function newEventId(now: number): string {
  const time = now.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}

/** Hexadecimal digits that count the events of one call. */
export const COUNTER_DIGITS = 3

/** The start that the ids of one call's events share; the rest counts them (RFC 9562 §6.2, method 1). */
export function newEventIdPrefix(now: number): string {
  return newEventId(now).slice(0, -COUNTER_DIGITS)
}
