import { unitMsOf, type Rate } from './gcra.ts'

// docs/limits.md gives the reason for each of these.

/** A lease of fewer units is not worth having. */
const LEASED_UNITS_MIN = 5
/** How long an isolate may use a lease. */
const LEASE_TTL_MS = 500
/** By how much longer at most for an isolate that is far away. */
const FAR_MS_MAX = 400
/** How long it may under contention, and the fraction of the time to refill the bucket that this must not pass. */
const CONTENDED_LEASE_TTL_MS_MAX = 4_000
const CONTENDED_DEPTH_FRACTION = 1 / 4
/** How long after its end a lease waits for its last report. */
const REPORT_MS = 250
/** The fraction of what is left that one lease may hold. */
const LEASE_FRACTION = 1 / 4
/** The fraction of its recent need that an isolate will surely use again. */
const USED_FRACTION = 1 / 2
/** Units of one turn: this fraction of a second's, and no fewer than this. */
const TURN_FRACTION = 1 / 10
const TURN_UNITS_MIN = 4

/** What an isolate asks for, and the units a second that it has lately needed. */
type Need = Rate & { cost: number; demandPerSecond: number; roundTripMs?: number }

/** What is lent, for how long the isolate may use it, and after what time it lapses here, in ms. */
type LeaseTerms = { units: number; ttlMs: number; lapseMs: number }

/** On what terms an isolate may lease, when `remaining` units are left after what it asked for. */
export function leaseTerms(need: Need, remaining: number, isContended: boolean): LeaseTerms {
  // The isolate counts from when it asked, so that the way of the answer is added.
  const farMs = Math.min(need.roundTripMs ?? 0, FAR_MS_MAX)
  if (isContended) {
    const ttlMs = contendedTtlMs(need) + farMs
    return { units: Math.min(turnUnits(need) - need.cost, remaining), ttlMs, lapseMs: ttlMs }
  }
  const ttlMs = LEASE_TTL_MS + farMs
  const needed = Math.floor((need.demandPerSecond * ttlMs) / 1000)
  const units = needed >= LEASED_UNITS_MIN ? Math.min(needed, Math.floor(remaining * LEASE_FRACTION)) : 0
  return { units, ttlMs, lapseMs: ttlMs + REPORT_MS + farMs / 2 }
}

/** Units that one turn of this isolate is good for: no more than it will use. */
export function turnUnits(need: Need): number {
  const needed = Math.floor((need.demandPerSecond * contendedTtlMs(need) * USED_FRACTION) / 1000)
  const share = Math.max(TURN_UNITS_MIN, Math.ceil((need.perMinute / 60) * TURN_FRACTION))
  return Math.max(need.cost, Math.min(need.burst, share, needed))
}

function contendedTtlMs(rate: Rate): number {
  return Math.min(CONTENDED_LEASE_TTL_MS_MAX, unitMsOf(rate) * rate.burst * CONTENDED_DEPTH_FRACTION)
}
