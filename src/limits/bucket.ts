import { gcra, unitMsOf, wholeParts, type GcraDecision, type Rate } from './gcra.ts'

/** What an isolate reports of a lease: all that it has used of it so far, since reports may overtake each other. */
export type Report = { leaseId: string; used: number; hasEnded: boolean }

/** What outlives a restart. */
export type StoredBucket = {
  /** When the bucket is full again at the latest, epoch ms; see {@link Bucket.latestFullAt}. */
  fullAt: number
  /** The time of one unit at the rate that this was stored under; 0 when that is not known. */
  unitMs: number
  /** When the last of the leases has lapsed, epoch ms, at the latest. */
  lapsesAt: number
}

type Lease = { isolate: string; units: number; charged: number; lapsesAt: number }

/**
 * One bucket: a GCRA timestamp for what is charged, and the leases on top. Units on lease count as used
 * but do not drain; they are charged when their use is reported, or when the lease lapses. docs/limits.md
 * says why no window of time then sees more than burst + rate × time.
 */
export class Bucket {
  /** When the bucket would be full again if nothing were on lease, epoch ms. */
  #fullAt: number
  /** The time of one unit at the rate that the bucket is counted by; 0 when that is not known. */
  #unitMs: number
  /** Until when leases that a restart has forgotten may be used. */
  readonly #forgottenUntil: number
  readonly #leases = new Map<string, Lease>()

  constructor({ fullAt, unitMs, lapsesAt }: StoredBucket = { fullAt: 0, unitMs: 0, lapsesAt: 0 }) {
    this.#fullAt = fullAt
    this.#unitMs = unitMs
    this.#forgottenUntil = lapsesAt
  }

  /**
   * Goes over to another rate with as many units used as before, and says whether it was another. Without it
   * a bucket drained at one unit a minute would stay empty for minutes, whatever its limit is raised to.
   */
  adopt(rate: Rate, now: number): boolean {
    const [before, after] = [this.#unitMs, unitMsOf(rate)]
    if (before === after) return false
    this.#unitMs = after
    if (before === 0) return false
    this.#lapse(before, now)
    // The time until a forgotten lease lapses is in the timestamp, and must not get shorter.
    if (after < before && now < this.#forgottenUntil) return true
    this.#fullAt = now + wholeParts((Math.max(0, this.#fullAt - now) / before) * after)
    return true
  }

  /** What the bucket says to this cost; changes nothing but leases that have lapsed. */
  decide(rate: Rate, cost: number, now: number): GcraDecision {
    this.#lapse(unitMsOf(rate), now)
    const fullAt = Math.max(this.#fullAt, now) + this.#unitsLeased() * unitMsOf(rate)
    const decision = gcra(fullAt, rate, cost, now)
    if (decision.isAdmitted || this.#leases.size === 0) return decision
    // Leases drain only from when they lapse: waiting for that is enough, however they are used.
    const retryMs = this.latestFullAt(rate, now) + (cost - rate.burst) * unitMsOf(rate) - now
    return { ...decision, retryMs }
  }

  /** Charges a cost that {@link decide} has admitted. */
  charge(rate: Rate, cost: number, now: number): void {
    this.#charge(unitMsOf(rate), cost, now)
  }

  /** Puts units on lease that {@link decide} would admit; returns the lease's id. */
  lease(isolate: string, units: number, lapsesAt: number): string {
    const id = crypto.randomUUID()
    this.#leases.set(id, { isolate, units, charged: 0, lapsesAt })
    return id
  }

  /** Units that this isolate has on lease, as far as it has reported. */
  leasedTo(isolate: string): number {
    return this.#unitsLeased((lease) => lease.isolate === isolate)
  }

  /** Charges what a report adds to those before it, and frees the rest of a lease that has ended. */
  applyReport(rate: Rate, { leaseId, used, hasEnded }: Report, now: number): void {
    this.#lapse(unitMsOf(rate), now)
    const lease = this.#leases.get(leaseId)
    if (lease === undefined) return
    const units = Math.max(used - lease.charged, 0)
    lease.units -= units
    lease.charged += units
    if (hasEnded) this.#leases.delete(leaseId)
    this.charge(rate, units, now)
  }

  /**
   * When the bucket is full again at the latest, epoch ms: if every unit on lease is used, and charged when
   * the lease lapses. This is what must be stored, since a restart forgets the leases but not their holders.
   */
  latestFullAt(rate: Rate, now: number): number {
    let fullAt = Math.max(this.#fullAt, now)
    // In the order in which they lapse if all do so at once, which is the latest of all orders.
    for (const { units, lapsesAt } of this.#leases.values()) {
      fullAt = Math.max(fullAt, lapsesAt) + units * unitMsOf(rate)
    }
    return fullAt
  }

  /** When the last lease lapses, epoch ms; 0 when nothing is on lease. */
  lastLapseAt(): number {
    let lastAt = 0
    for (const { lapsesAt } of this.#leases.values()) lastAt = Math.max(lastAt, lapsesAt)
    return lastAt
  }

  #charge(unitMs: number, cost: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + cost * unitMs
  }

  /** Charges leases that have lapsed, as of then. */
  #lapse(unitMs: number, now: number): void {
    for (const [id, { units, lapsesAt }] of this.#leases) {
      if (lapsesAt > now) continue
      this.#leases.delete(id)
      this.#charge(unitMs, units, lapsesAt)
    }
  }

  #unitsLeased(isCounted: (lease: Lease) => boolean = () => true): number {
    let units = 0
    for (const lease of this.#leases.values()) if (isCounted(lease)) units += lease.units
    return units
  }
}
