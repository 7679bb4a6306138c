import type { Rate } from './gcra.ts'
import type { Ask, Demand, Answer, Decision } from './tenant-buckets.ts'

/** The way of one request to its tenant's Durable Object. */
export type LimiterAccess = {
  /** Asks, in one call. */
  ask(isolate: string, asks: Ask[]): Promise<Answer[]>
  /** Waits for an answer no longer than this request may. */
  within<Value>(answer: Promise<Value>): Promise<Value>
}

/** Buckets that an isolate remembers. */
const KNOWN_MAX = 10_000
/** Over how long the isolate measures what it needs; and the least it judges a beginning burst by. */
const DEMAND_MS = 1_000
const DEMAND_MS_MIN = 500

/** A lease is renewed when so much of it is left, or so little time; and no sooner again than that. */
const RENEWAL_FRACTION = 1 / 3
const RENEWAL_MS = 100

/** Units that this isolate may use without asking, until `endsAt`. */
type Lease = { id: string; units: number; left: number; endsAt: number }

/** What the isolate knows of one bucket. */
type Known = Rate & {
  decision: Decision
  decidedAt: number
  leases: Lease[]
  /** When the limiter was last asked. */
  renewedAt: number
  /** Refused until then, once no lease is left. */
  heldUntil: number
  /** The call that asks whether a refusal has ended: whoever comes meanwhile waits for it too. */
  asking: Promise<unknown> | undefined
  /** Units needed since `countedFrom`, and in the second before. */
  needed: number
  countedFrom: number
  neededBefore: number
}

type Pair = { demand: Demand; known: Known }

/**
 * Decides requests in one isolate: by a refusal that still holds, by a lease, or by asking the tenant's
 * Durable Object. Knows no clock and no binding.
 */
export class Admission {
  readonly #known = new Map<string, Known>()
  readonly #isolate: string

  constructor(isolate: string) {
    this.#isolate = isolate
  }

  /**
   * Decides one request against all its buckets: it is admitted when `retryMs` is 0 in every decision.
   *
   * @param scope what the demands' keys are unique within: the tenant.
   * @throws what `ask` and `within` throw; nothing is taken then.
   */
  async decide(
    access: LimiterAccess,
    scope: string,
    demands: readonly Demand[],
    clock: () => number,
  ): Promise<readonly Decision[]> {
    const arrivedAt = clock()
    const pairs = demands.map((demand) => ({ demand, known: this.#count(scope, demand, arrivedAt) }))
    const [first, ...others] = pairs
    for (;;) {
      const now = clock()
      const decisions = decideAlone(pairs, now)
      if (decisions !== undefined) return decisions
      if (others.length > 0 || first?.known.asking === undefined) return this.#ask(access, pairs, now)
      await answered(access, first.known, first.known.asking)
    }
  }

  #ask(access: LimiterAccess, pairs: readonly Pair[], now: number): Promise<readonly Decision[]> {
    // Whoever asks for several buckets must ask for the others however much of one is on lease.
    const isLeasable = pairs.length === 1
    const asks = pairs.map((pair) => askOf(pair, isLeasable, now))
    const asking = access
      .within(access.ask(this.#isolate, asks))
      .then((answers) => pairs.map(({ known }, index) => learn(known, answers[index] as Answer, now)))
      .finally(() => {
        for (const { known } of pairs) if (known.asking === asking) known.asking = undefined
      })
    for (const { known } of pairs) {
      known.renewedAt = now
      if (known.heldUntil > known.decidedAt) known.asking = asking
    }
    return asking
  }

  #count(scope: string, { key, burst, perMinute, cost }: Demand, now: number): Known {
    const name = `${scope} ${key}`
    const known = this.#known.get(name) ?? {
      burst,
      perMinute,
      decision: { remaining: burst, resetMs: 0, retryMs: 0 },
      decidedAt: now,
      leases: [],
      renewedAt: 0,
      heldUntil: 0,
      asking: undefined,
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
    if (known.perMinute !== perMinute || known.burst !== burst) {
      Object.assign(known, { perMinute, burst, heldUntil: 0 })
    }
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

/** Waits for what another request has asked. That one may have been cut off: then the next one asks anew. */
async function answered(access: LimiterAccess, known: Known, asking: Promise<unknown>): Promise<void> {
  try {
    await access.within(asking)
  } finally {
    if (known.asking === asking) known.asking = undefined
  }
}

/** What the isolate can say without asking, if it can. */
function decideAlone(pairs: readonly Pair[], now: number): readonly Decision[] | undefined {
  if (pairs.some((pair) => isHeld(pair, now))) return pairs.map((pair) => heldDecision(pair, now))
  const isEnough = pairs.every(
    ({ demand, known }) => unitsLeft(known, now) >= demand.cost && !isRenewalDue(known, now),
  )
  return isEnough ? pairs.map(({ demand, known }) => useLease(known, demand.cost, now)) : undefined
}

function isHeld({ demand, known }: Pair, now: number): boolean {
  return known.heldUntil > now && unitsLeft(known, now) < demand.cost
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
  return last.left < last.units * RENEWAL_FRACTION || last.endsAt - now < RENEWAL_MS
}

function useLease(known: Known, cost: number, now: number): Decision {
  let due = cost
  for (const lease of known.leases) {
    if (lease.endsAt <= now) continue
    const taken = Math.min(due, lease.left)
    lease.left -= taken
    due -= taken
  }
  return { ...current(known, now), remaining: known.decision.remaining + unitsLeft(known, now), retryMs: 0 }
}

function heldDecision(pair: Pair, now: number): Decision {
  const { known } = pair
  const decision = current(known, now)
  if (!isHeld(pair, now)) return { ...decision, retryMs: 0 }
  return { ...decision, remaining: 0, retryMs: known.heldUntil - now }
}

/** The last decision, grown older. */
function current({ decision, decidedAt }: Known, now: number): Decision {
  return { ...decision, resetMs: Math.max(0, decision.resetMs - (now - decidedAt)) }
}

/** Asks for a demand, and reports what has been used of leases; those that have ended are given back. */
function askOf({ demand, known }: Pair, isLeasable: boolean, now: number): Ask {
  const reports = known.leases.map(({ id: leaseId, units, left, endsAt }) => ({
    leaseId,
    used: units - left,
    hasEnded: left === 0 || endsAt <= now,
  }))
  known.leases = known.leases.filter(({ left, endsAt }) => left > 0 && endsAt > now)
  return { ...demand, demandPerSecond: isLeasable ? demandPerSecond(known, now) : 0, reports }
}

function learn(known: Known, { lease, holdMs, ...decision }: Answer, askedAt: number): Decision {
  // Counted from before the call: the limiter counts from after it, and must not think it over earlier.
  if (lease) {
    const { id, units, ttlMs } = lease
    known.leases.push({ id, units, left: units, endsAt: askedAt + ttlMs })
  }
  known.decision = decision
  known.decidedAt = askedAt
  known.heldUntil = Math.max(known.heldUntil, askedAt + holdMs)
  return decision
}
