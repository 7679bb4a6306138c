import { gcra, unitMsOf, type GcraDecision, type Rate } from './gcra.ts'

/** What an isolate reports of a lease: all that it has used of it so far, since reports may overtake each other. */
export type Report = { leaseId: string; used: number; hasEnded: boolean }

type Lease = { isolate: string; units: number; charged: number; lapsesAt: number }

/**
 * One bucket: a GCRA timestamp for what is charged, and the leases on top. Units on lease count as used
 * but do not drain; they are charged when their use is reported, or when the lease lapses. docs/limits.md
 * says why no window of time then sees more than burst + rate × time.
 */
export class Bucket {
  /** When the bucket would be full again if nothing were on lease, epoch ms. */
  #fullAt: number
  readonly #leases = new Map<string, Lease>()

  constructor(fullAt: number) {
    this.#fullAt = fullAt
  }

  /** What the bucket says to this cost; changes nothing but leases that have lapsed. */
  decide(rate: Rate, cost: number, now: number): GcraDecision {
    this.#lapse(rate, now)
    const fullAt = Math.max(this.#fullAt, now) + this.#unitsLeased() * unitMsOf(rate)
    const decision = gcra(fullAt, rate, cost, now)
    if (decision.isAdmitted || this.#leases.size === 0) return decision
    // Leases drain only from when they lapse: waiting for that is enough, however they are used.
    const retryMs = this.latestFullAt(rate, now) + (cost - rate.burst) * unitMsOf(rate) - now
    return { ...decision, retryMs }
  }

  /** Charges a cost that {@link decide} has admitted. */
  charge(rate: Rate, cost: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + cost * unitMsOf(rate)
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
    this.#lapse(rate, now)
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

  /** Charges leases that have lapsed, as of then. */
  #lapse(rate: Rate, now: number): void {
    for (const [id, { units, lapsesAt }] of this.#leases) {
      if (lapsesAt > now) continue
      this.#leases.delete(id)
      this.charge(rate, units, lapsesAt)
    }
  }

  #unitsLeased(isCounted: (lease: Lease) => boolean = () => true): number {
    let units = 0
    for (const lease of this.#leases.values()) if (isCounted(lease)) units += lease.units
    return units
  }
}
