/**
 * The generic cell rate algorithm (ITU-T I.371): one timestamp per bucket, exact and smooth.
 *
 * Example: 600 a minute in bursts of 100 is one unit every 100 ms. A bucket never used has its
 * timestamp in the past; each unit taken moves it 100 ms on from the later of itself and now. At 100
 * units ahead of now, 10 s, the bucket is empty, and a unit is back 100 ms later.
 */

export type Rate = {
  /** Units that come back in a minute. */
  perMinute: number
  /** Units that may be taken at once. */
  burst: number
}

export type GcraDecision = {
  isAdmitted: boolean
  /** The bucket's timestamp to store; the old one when nothing was taken. */
  fullAt: number
  /** Whole units left. */
  remaining: number
  /** Milliseconds until the bucket is full again. */
  resetMs: number
  /** Milliseconds until the same request would be admitted; 0 when it was. */
  retryMs: number
}

/**
 * A unit's time is rounded up to a whole number of these parts. Sums of them and epoch milliseconds are
 * exact in a double until the year 2248, so that no rounding ever admits one more, or one less, than the
 * burst; at the highest rate, a million a minute, it costs 1.6 % of it.
 */
const PARTS_PER_MS = 1024

/**
 * Decides one request, without a clock and without storage.
 *
 * @param fullAt when the bucket is full again, epoch ms: what an earlier decision returned.
 * @param cost units asked for, 1 or more.
 */
export function gcra(fullAt: number | undefined, rate: Rate, cost: number, now: number): GcraDecision {
  const unitMs = unitMsOf(rate)
  const depthMs = unitMs * rate.burst
  const current = Math.max(fullAt ?? now, now)
  const next = current + cost * unitMs
  const overMs = next - depthMs - now
  const isAdmitted = overMs <= 0
  const kept = isAdmitted ? next : current
  return {
    isAdmitted,
    fullAt: kept,
    remaining: Math.max(0, Math.floor((depthMs - (kept - now)) / unitMs)),
    resetMs: kept - now,
    retryMs: isAdmitted ? 0 : overMs,
  }
}

/** Milliseconds in which one unit comes back. */
export function unitMsOf({ perMinute }: Rate): number {
  return wholeParts(60_000 / perMinute)
}

/** Milliseconds rounded up to what sums exactly. */
export function wholeParts(ms: number): number {
  return Math.ceil(ms * PARTS_PER_MS) / PARTS_PER_MS
}
