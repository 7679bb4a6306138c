import type { Ask, Demand, Grant, Verdict } from './tenant-buckets.ts'

/** Asks the tenant's Durable Object, in one call. */
export type AskLimiter = (asker: string, asks: Ask[]) => Promise<Grant[]>

/** Buckets that an isolate remembers. */
const KNOWN_MAX = 10_000
/** Over how long the isolate measures what it needs; and the least it judges a beginning burst by. */
const DEMAND_MS = 1_000
const DEMAND_MS_MIN = 500

/** A lease is renewed when so much of it is left, or so little time; and no sooner again than that. */
const RENEWAL_PART = 1 / 3
const RENEWAL_MS = 100

/** Units that this isolate may use without asking, until `endsAt`; `used` counts since the last report. */
type Lease = { id: string; units: number; left: number; used: number; endsAt: number }

/** What the isolate knows of one bucket. */
type Known = {
  verdict: Verdict
  verdictAt: number
  leases: Lease[]
  /** When the limiter was last asked. */
  renewedAt: number
  /** Refused until then, once no lease is left. */
  heldUntil: number
  /** Units needed since `countedFrom`, and in the second before. */
  needed: number
  countedFrom: number
  neededBefore: number
}

/**
 * Decides requests in one isolate: by a refusal that still holds, by a lease, or by asking the tenant's
 * Durable Object. Knows no clock and no binding.
 */
export class Admission {
  readonly #known = new Map<string, Known>()
  readonly #asker: string

  constructor(asker: string) {
    this.#asker = asker
  }

  /**
   * Decides one request against all its buckets: it is admitted when `retryMs` is 0 in every verdict.
   *
   * @param scope what the demands' keys are unique within: the tenant.
   * @throws what `ask` throws; nothing is taken then.
   */
  async admit(
    ask: AskLimiter,
    scope: string,
    demands: readonly Demand[],
    now: number,
  ): Promise<readonly Verdict[]> {
    const pairs = demands.map((demand) => ({ demand, known: this.#count(scope, demand, now) }))
    const isHeld = ({ demand, known }: (typeof pairs)[number]) =>
      known.heldUntil > now && unitsLeft(known, now) < demand.cost
    if (pairs.some(isHeld)) return pairs.map((pair) => heldVerdict(pair.known, isHeld(pair), now))
    const isCovered = pairs.every(({ demand, known }) => unitsLeft(known, now) >= demand.cost)
    if (isCovered && !pairs.some(({ known }) => isRenewalDue(known, now))) {
      return pairs.map(({ demand, known }) => useLease(known, demand.cost, now))
    }
    const asks = pairs.map(({ demand, known }) => askOf(demand, known, now))
    for (const { known } of pairs) known.renewedAt = now
    const grants = await ask(this.#asker, asks)
    return pairs.map(({ known }, index) => learn(known, grants[index], now))
  }

  #count(scope: string, { key, bucket, burst, perMinute, cost }: Demand, now: number): Known {
    const name = `${scope} ${key}`
    const known = this.#known.get(name) ?? {
      verdict: { bucket, burst, perMinute, remaining: burst, resetMs: 0, retryMs: 0 },
      verdictAt: now,
      leases: [],
      renewedAt: 0,
      heldUntil: 0,
      needed: 0,
      countedFrom: now,
      neededBefore: 0,
    }
    // Used last, remembered longest.
    this.#known.delete(name)
    this.#known.set(name, known)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= KNOWN_MAX) break
      this.#known.delete(oldest)
    }
    // A refusal under another policy says nothing under this one.
    if (known.verdict.perMinute !== perMinute || known.verdict.burst !== burst) known.heldUntil = 0
    const elapsedMs = now - known.countedFrom
    if (elapsedMs >= DEMAND_MS) {
      Object.assign(known, {
        neededBefore: elapsedMs < 2 * DEMAND_MS ? known.needed : 0,
        needed: 0,
        countedFrom: now,
      })
    }
    known.needed += cost
    return known
  }
}

/** Units a second that the isolate needs: lately, or as a burst begins. */
function demandPerSecond({ needed, countedFrom, neededBefore }: Known, now: number): number {
  const elapsedMs = Math.max(DEMAND_MS_MIN, now - countedFrom)
  return Math.max(neededBefore, ((needed - 1) * 1000) / elapsedMs)
}

function unitsLeft({ leases }: Known, now: number): number {
  return leases.reduce((sum, { left, endsAt }) => sum + (endsAt > now ? left : 0), 0)
}

/** Whether to ask for more before the lease is used up, by one request while the others go on using it. */
function isRenewalDue({ leases, renewedAt, heldUntil }: Known, now: number): boolean {
  if (now < heldUntil || now - renewedAt < RENEWAL_MS) return false
  const last = leases.at(-1)
  if (last === undefined) return false
  return last.left < last.units * RENEWAL_PART || last.endsAt - now < RENEWAL_MS
}

function useLease(known: Known, cost: number, now: number): Verdict {
  let due = cost
  for (const lease of known.leases) {
    if (lease.endsAt <= now) continue
    const taken = Math.min(due, lease.left)
    lease.left -= taken
    lease.used += taken
    due -= taken
  }
  return { ...current(known, now), remaining: known.verdict.remaining + unitsLeft(known, now), retryMs: 0 }
}

function heldVerdict(known: Known, isHeld: boolean, now: number): Verdict {
  const verdict = current(known, now)
  return isHeld ? { ...verdict, remaining: 0, retryMs: known.heldUntil - now } : { ...verdict, retryMs: 0 }
}

/** The last verdict, grown older. */
function current({ verdict, verdictAt }: Known, now: number): Verdict {
  return { ...verdict, resetMs: Math.max(0, verdict.resetMs - (now - verdictAt)) }
}

/** Asks for a demand, and reports what has been used of leases; those that have ended are given back. */
function askOf(demand: Demand, known: Known, now: number): Ask {
  const settlements = known.leases.map((lease) => {
    const { id: leaseId, used, left, endsAt } = lease
    lease.used = 0
    return { leaseId, used, hasEnded: left === 0 || endsAt <= now }
  })
  known.leases = known.leases.filter(({ left, endsAt }) => left > 0 && endsAt > now)
  return { ...demand, demandPerSecond: demandPerSecond(known, now), settlements }
}

function learn(known: Known, grant: Grant | undefined, askedAt: number): Verdict {
  if (grant === undefined) throw new Error('the limiter answers every ask')
  const { lease, holdMs, ...verdict } = grant
  // Counted from before the call: the limiter counts from after it, and must not think it over earlier.
  if (lease) {
    const { id, units, ttlMs } = lease
    known.leases.push({ id, units, left: units, used: 0, endsAt: askedAt + ttlMs })
  }
  known.verdict = verdict
  known.verdictAt = askedAt
  known.heldUntil = Math.max(known.heldUntil, askedAt + holdMs)
  return verdict
}
