import { unitMsOf, type Rate } from './gcra.ts'
import type { Answer, Ask, Decision, Demand } from './tenant-buckets.ts'

/** Milliseconds over which need is measured, and the fewest that a beginning burst is judged by. */
const DEMAND_MS = 1_000
const DEMAND_MS_MIN = 500
/** A lease is renewed below this fraction of its units, or this long before its end, and no more often. */
const RENEWAL_FRACTION = 1 / 3
const RENEWAL_MS = 100

/** Units that this isolate may use without asking, until `endsAt`, epoch ms. */
type Lease = { id: string; units: number; left: number; endsAt: number }

/** What one isolate knows of one bucket: the last answer, its leases, its hold, and its own need. */
export class KnownBucket {
  /** The call that asks whether a hold has ended. Requests that come meanwhile wait for its answer. */
  asking: Promise<unknown> | undefined
  #rate: Rate
  #leases: Lease[] = []
  #decision: Decision
  #decidedAt: number
  #askedAt = 0
  /** How long a call takes, as far as is known. */
  #roundTripMs = 0
  /** Until when requests of `#heldCost` units or more are refused without asking. */
  #heldUntil = 0
  #heldCost = 1
  /** When the cost held would be admitted, as far as was told: an isolate asks again earlier. */
  #readyAt = 0
  /** Units needed one by one since `#countedFrom`, and in the second before. */
  #needed = 0
  #countedFrom: number
  #neededBefore = 0

  constructor({ burst, perMinute }: Rate, now: number) {
    this.#rate = { burst, perMinute }
    this.#decision = { remaining: burst, resetMs: 0, retryMs: 0 }
    this.#decidedAt = now
    this.#countedFrom = now
  }

  /** Counts what a request needs, under the limit as it is now. */
  count({ burst, perMinute, cost }: Demand, mayUseLeases: boolean, now: number): void {
    // A hold under another limit says nothing about this one.
    if (this.#rate.burst !== burst || this.#rate.perMinute !== perMinute) {
      this.#rate = { burst, perMinute }
      this.#heldUntil = 0
    }
    const elapsedMs = now - this.#countedFrom
    if (elapsedMs >= DEMAND_MS) {
      this.#neededBefore = elapsedMs < 2 * DEMAND_MS ? this.#needed : 0
      this.#needed = 0
      this.#countedFrom = now
    }
    // A request for many units is no need of a lease, which seldom holds so many.
    if (mayUseLeases && cost === 1) this.#needed += 1
  }

  /** Whether this cost must be refused without asking. */
  isHeld(cost: number, now: number): boolean {
    return this.#heldUntil > now && cost >= this.#heldCost && this.#unitsLeft(now) < cost
  }

  /** Whether leases admit this cost. */
  isLeased(cost: number, now: number): boolean {
    return this.#unitsLeft(now) >= cost
  }

  /** Whether a request should ask for the next lease, before this one is used up. */
  isRenewalDue(now: number): boolean {
    const newest = this.#leases.at(-1)
    if (newest === undefined || now < this.#heldUntil) return false
    if (now - this.#askedAt < Math.max(RENEWAL_MS, this.#roundTripMs)) return false
    const isEnding = newest.endsAt - now < RENEWAL_MS + this.#roundTripMs
    return isEnding || newest.left < newest.units * RENEWAL_FRACTION
  }

  /** What a refused request is told of this bucket: to wait for the end of the hold, if it is held here. */
  refuse(cost: number, now: number): Decision {
    if (!this.isHeld(cost, now)) return { ...this.#current(now), retryMs: 0 }
    const readyAt = Math.max(this.#heldUntil, this.#readyAt)
    const moreMs = (cost - this.#heldCost) * unitMsOf(this.#rate)
    const current = this.#current(now)
    const remaining = Math.min(current.remaining, this.#heldCost - 1)
    return { ...current, remaining, retryMs: readyAt - now + moreMs }
  }

  /** Uses the units of leases, the oldest first, for a cost that {@link isLeased}. */
  use(cost: number, now: number): Decision {
    let due = cost
    for (const lease of this.#leases) {
      if (lease.endsAt <= now) continue
      const used = Math.min(due, lease.left)
      lease.left -= used
      due -= used
    }
    const remaining = this.#decision.remaining + this.#unitsLeft(now)
    return { ...this.#current(now), remaining, retryMs: 0 }
  }

  /** Asks for a demand, and reports every lease. A report of a lease that has ended gives it back. */
  ask(demand: Demand, isLeasable: boolean, now: number, roundTripMs: number): Ask {
    const reports = this.#leases.map(({ id: leaseId, units, left, endsAt }) => ({
      leaseId,
      used: units - left,
      hasEnded: left === 0 || endsAt <= now,
    }))
    this.#leases = this.#leases.filter(({ left, endsAt }) => left > 0 && endsAt > now)
    this.#askedAt = now
    this.#roundTripMs = roundTripMs
    return { ...demand, demandPerSecond: isLeasable ? this.#demandPerSecond(now) : 0, roundTripMs, reports }
  }

  /** Lets other requests wait for this call, if it asks whether a hold has ended. */
  awaitAnswer(asking: Promise<unknown>): void {
    const hasEnded = this.#heldUntil <= this.#askedAt
    if (hasEnded && this.#heldUntil > this.#decidedAt) this.asking = asking
  }

  /** Learns the answer to a cost. Its times count from `askedAt`, epoch ms: the object counts them from later on. */
  learn({ lease, holdMs, ...decision }: Answer, cost: number, askedAt: number): Decision {
    if (lease) {
      const { id, units, ttlMs } = lease
      this.#leases.push({ id, units, left: units, endsAt: askedAt + ttlMs })
    }
    this.#decision = decision
    this.#decidedAt = askedAt
    if (holdMs > 0) this.#hold(cost, askedAt + holdMs, askedAt + decision.retryMs, askedAt)
    return decision
  }

  /** Holds a cost. Where several are held at once, the hold of the smallest is kept, which holds the others too. */
  #hold(cost: number, until: number, readyAt: number, now: number): void {
    const isHeld = this.#heldUntil > now
    if (isHeld && cost > this.#heldCost) return
    // Answers may cross: one that is older must not end the hold of a newer one.
    const isSame = isHeld && cost === this.#heldCost
    this.#heldUntil = isSame ? Math.max(this.#heldUntil, until) : until
    this.#readyAt = isSame ? Math.max(this.#readyAt, readyAt) : readyAt
    this.#heldCost = cost
  }

  #unitsLeft(now: number): number {
    return this.#leases.reduce((sum, { left, endsAt }) => sum + (endsAt > now ? left : 0), 0)
  }

  /** Units a second that the isolate needs: those of the last second, or more when a burst begins. */
  #demandPerSecond(now: number): number {
    const elapsedMs = Math.max(DEMAND_MS_MIN, now - this.#countedFrom)
    return Math.max(this.#neededBefore, ((this.#needed - 1) * 1000) / elapsedMs)
  }

  /** The last decision, as much fuller as time has passed. */
  #current(now: number): Decision {
    return { ...this.#decision, resetMs: Math.max(0, this.#decision.resetMs - (now - this.#decidedAt)) }
  }
}
