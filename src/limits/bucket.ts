import { gcra, unitMsOf, type GcraDecision, type Rate } from './gcra.ts'

/** What an isolate reports of a lease: all that it has used of it, since reports may overtake each other. */
export type Report = { leaseId: string; used: number; hasEnded: boolean }

/** Nobody waits longer for a turn than this. */
const TURN_MS_MAX = 30_000

/**
 * One bucket with leases: units handed to an isolate in advance, for it to admit requests by without
 * asking. A unit on lease is neither used nor free: it weighs on the bucket without draining until it
 * is settled or lapses, and is then charged at that time. Since a charge is never earlier than the use,
 * no window of time sees more than burst + rate × time, however leases are used.
 */
export class Bucket {
  /** When the bucket is full again as far as charges go, epoch ms; leases come on top. */
  #fullAt: number
  readonly #leases = new Map<string, { isolate: string; units: number; charged: number; lapsesAt: number }>()
  /** Isolates that wait, and until when. */
  readonly #turns = new Map<string, number>()

  constructor(fullAt: number) {
    this.#fullAt = fullAt
  }

  /** What the bucket would say to this cost, with nothing changed. */
  decide(rate: Rate, cost: number, now: number): GcraDecision {
    this.#lapse(rate, now)
    const decision = gcra(this.#fullAtNow(rate, now), rate, cost, now)
    if (decision.isAdmitted || this.#leases.size === 0) return decision
    // A wait that is surely enough: leases drain from when they lapse, at the latest.
    const waitMs = this.latestFullAt(rate, now) + (cost - rate.burst) * unitMsOf(rate) - now
    return { ...decision, retryMs: Math.max(1 / 1024, waitMs) }
  }

  /** Charges a cost that {@link decide} has admitted. */
  charge(rate: Rate, cost: number, now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + cost * unitMsOf(rate)
  }

  /** Puts units on lease that {@link decide} has admitted. */
  lease(isolate: string, units: number, lapsesAt: number): string {
    const id = crypto.randomUUID()
    this.#leases.set(id, { isolate, units, charged: 0, lapsesAt })
    return id
  }

  /** Units that this isolate has on lease, as far as is known here. */
  leasedTo(isolate: string): number {
    let units = 0
    for (const lease of this.#leases.values()) if (lease.isolate === isolate) units += lease.units
    return units
  }

  /**
   * Charges what was used of a lease since the last report that came, and frees the rest when it has
   * ended; nothing when it has lapsed.
   */
  applyReport(rate: Rate, { leaseId, used, hasEnded }: Report, now: number): void {
    this.#lapse(rate, now)
    const lease = this.#leases.get(leaseId)
    if (lease === undefined) return
    const units = Math.min(Math.max(used - lease.charged, 0), lease.units)
    lease.units -= units
    lease.charged += units
    if (hasEnded) this.#leases.delete(leaseId)
    this.charge(rate, units, now)
  }

  /**
   * When the bucket is full again at the latest: if all that is on lease is used, and charged when it
   * lapses. A restart, which forgets the leases but not their holders, must assume no less.
   */
  latestFullAt(rate: Rate, now: number): number {
    let fullAt = Math.max(this.#fullAt, now)
    const leases = [...this.#leases.values()].toSorted((a, b) => a.lapsesAt - b.lapsesAt)
    for (const { units, lapsesAt } of leases) fullAt = Math.max(fullAt, lapsesAt) + units * unitMsOf(rate)
    return fullAt
  }

  /**
   * The time from which an isolate that was refused should ask again: isolates take turns, one for every
   * `share` units, so that under overload they do not all come at once. An isolate has one turn at a time.
   */
  turn(isolate: string, rate: Rate, share: number, readyAt: number, now: number): number {
    let last = 0
    for (const [known, at] of this.#turns) {
      if (at <= now) this.#turns.delete(known)
      else last = Math.max(last, at)
    }
    const known = this.#turns.get(isolate)
    if (known !== undefined) return known
    const at = Math.min(
      last === 0 ? readyAt : Math.max(readyAt, last + share * unitMsOf(rate)),
      now + TURN_MS_MAX,
    )
    this.#turns.set(isolate, at)
    return at
  }

  /** Whether anybody waits for a turn, other than this isolate. */
  isContended(isolate: string, now: number): boolean {
    for (const [waiting, at] of this.#turns) if (at > now && waiting !== isolate) return true
    return false
  }

  #lapse(rate: Rate, now: number): void {
    for (const [id, { units, lapsesAt }] of this.#leases) {
      if (lapsesAt > now) continue
      this.#leases.delete(id)
      this.charge(rate, units, lapsesAt)
    }
  }

  /** When the bucket is full again if everything on lease were used now. */
  #fullAtNow(rate: Rate, now: number): number {
    let units = 0
    for (const lease of this.#leases.values()) units += lease.units
    return Math.max(this.#fullAt, now) + units * unitMsOf(rate)
  }
}
