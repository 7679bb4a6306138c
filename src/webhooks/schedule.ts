const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** How long after each failed attempt an event is tried again: eight attempts in some 28 hours. */
export const RETRY_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
]
/** A tenth more at most, so that what has failed together does not come back together. */
const JITTER = 0.1

/** How long a webhook is left alone after so many failed runs: then one call is made, and all else waits for it. */
const PAUSE_MS = [5 * SECOND_MS, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS]

/** A webhook that has failed for so long is disabled. */
export const FAILING_MS_MAX = 5 * 24 * HOUR_MS

/** When an event is tried again after so many attempts; null after the last. */
export function nextAttempt(attempts: number, now: number): number | null {
  const pause = RETRY_MS[attempts - 1]
  return pause === undefined ? null : Math.round(now + pause * (1 + JITTER * Math.random()))
}

/** Until when no call is made after so many failed runs. */
export function pausedUntil(failures: number, now: number): number {
  return now + (PAUSE_MS[Math.min(failures, PAUSE_MS.length) - 1] ?? 0)
}
