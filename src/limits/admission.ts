import { ExpiringMap } from '../expiring-map.ts'
import { Distance } from './distance.ts'
import { KnownBucket } from './known-bucket.ts'
import type { Answer, Ask, Decision, Demand } from './tenant-buckets.ts'

/** The way of one request to its tenant's Durable Object. */
export type LimiterAccess = {
  /** Asks, in one call; `isolate` is the random name of the asking isolate. */
  ask(isolate: string, asks: Ask[]): Promise<Answer[]>
  /** Waits for an answer so many milliseconds, and throws when they are over. */
  within<Value>(answer: Promise<Value>, ms: number): Promise<Value>
  /** Lets something go on after the request is answered. */
  afterwards(work: Promise<unknown>): void
  /** The least that a request waits for the object, in ms; a far object is given longer. */
  deadlineMs: number
}

/** Buckets that an isolate remembers, and limiters; what was used longest ago is forgotten first. */
const KNOWN_MAX = 10_000
const DISTANCES_MAX = 1_000
/** How long an answer is waited for after its request has gone on without it. */
const LATE_MS = 2_000

type Pair = { demand: Demand; bucket: KnownBucket }

/** One request on its way: what it asks for, and how long it may wait for an answer. */
type Request = { access: LimiterAccess; pairs: readonly Pair[]; distance: Distance; deadlineMs: number }

/**
 * Decides requests in one isolate: by a hold, by leases, or by asking the tenant's Durable Object
 * (docs/limits.md). Knows no clock and no binding.
 */
export class Admission {
  readonly #known = new ExpiringMap<KnownBucket>(KNOWN_MAX)
  readonly #distances = new ExpiringMap<Distance>(DISTANCES_MAX)
  readonly #isolate: string

  constructor(isolate: string) {
    this.#isolate = isolate
  }

  /**
   * Decides one request against all its buckets: it is admitted when `retryMs` is 0 in every decision.
   *
   * @param scope what the demands' keys are unique within: the tenant.
   * @throws what `ask` and `within` throw, unless leases suffice; nothing is used then.
   */
  async decide(
    access: LimiterAccess,
    scope: string,
    demands: readonly Demand[],
    clock: () => number,
  ): Promise<readonly Decision[]> {
    const arrivedAt = clock()
    const pairs = demands.map((demand) => ({ demand, bucket: this.#count(scope, demand, arrivedAt) }))
    const known = decideAlone(pairs, arrivedAt)
    if (known !== undefined) return known
    const distance = this.#distanceOf(scope, arrivedAt)
    const isPatient = demands.some(({ protectsPerson }) => protectsPerson)
    const request = { access, pairs, distance, deadlineMs: distance.deadlineMs(access.deadlineMs, isPatient) }
    const [first, ...others] = pairs
    // An answer to others, and one to itself: no request waits longer than twice.
    const lastAskAt = arrivedAt + request.deadlineMs
    while (others.length === 0 && first?.bucket.asking !== undefined && clock() <= lastAskAt) {
      await answered(request, first.bucket.asking)
      const learnt = decideAlone(pairs, clock())
      if (learnt !== undefined) return learnt
    }
    return this.#ask(request, clock)
  }

  async #ask(request: Request, clock: () => number): Promise<readonly Decision[]> {
    const { access, pairs, distance } = request
    const askedAt = clock()
    const asking = this.#answer(request, askedAt, clock)
    // A late answer is learnt from too: what it charged, lends and holds, and how far the object is.
    access.afterwards(access.within(asking, LATE_MS).catch(() => undefined))
    for (const { bucket } of pairs) bucket.awaitAnswer(asking)
    try {
      const decisions = await access.within(asking, request.deadlineMs)
      const isAdmitted = decisions.every(({ retryMs }) => retryMs === 0)
      // What is on lease is the isolate's to use, also when the object has no more to lend.
      return isAdmitted ? decisions : (useLeases(pairs, clock()) ?? decisions)
    } catch (error) {
      const now = clock()
      distance.miss(askedAt, now)
      const decisions = useLeases(pairs, now)
      if (decisions === undefined) throw error
      return decisions
    } finally {
      stopWaitingFor(asking, pairs)
    }
  }

  /** Asks the object and learns its answer, however late it comes. */
  async #answer(
    { access, pairs, distance }: Request,
    askedAt: number,
    clock: () => number,
  ): Promise<readonly Decision[]> {
    // A request for several buckets must ask for the others anyway: a lease of one would save no call.
    const isLeasable = pairs.length === 1
    const asks = pairs.map(({ demand, bucket }) =>
      bucket.ask(demand, isLeasable, askedAt, distance.roundTripMs),
    )
    const answers = await access.ask(this.#isolate, asks)
    distance.learn(askedAt, clock())
    return pairs.map(({ demand: { cost }, bucket }, index) =>
      bucket.learn(answers[index] as Answer, cost, askedAt),
    )
  }

  #count(scope: string, demand: Demand, now: number): KnownBucket {
    const name = `${scope} ${demand.key}`
    let bucket = this.#known.get(name, now)
    if (bucket === undefined) {
      bucket = new KnownBucket(demand, now)
      this.#known.set(name, bucket, Infinity)
    }
    bucket.count(demand, now)
    return bucket
  }

  #distanceOf(scope: string, now: number): Distance {
    const known = this.#distances.get(scope, now)
    if (known !== undefined) return known
    const distance = new Distance()
    this.#distances.set(scope, distance, Infinity)
    return distance
  }
}

/** Waits for the call of another request. If that request was cut off, the next one asks anew. */
async function answered({ access, pairs, deadlineMs }: Request, asking: Promise<unknown>): Promise<void> {
  try {
    await access.within(asking, deadlineMs)
  } finally {
    stopWaitingFor(asking, pairs)
  }
}

function stopWaitingFor(asking: Promise<unknown>, pairs: readonly Pair[]): void {
  for (const { bucket } of pairs) if (bucket.asking === asking) bucket.asking = undefined
}

/** What the isolate can decide without asking, if anything. */
function decideAlone(pairs: readonly Pair[], now: number): readonly Decision[] | undefined {
  if (pairs.some(({ demand, bucket }) => bucket.isHeld(demand.cost, now))) {
    return pairs.map(({ demand, bucket }) => bucket.refuse(demand.cost, now))
  }
  if (pairs.some(({ bucket }) => bucket.isRenewalDue(now))) return undefined
  return useLeases(pairs, now)
}

/** Uses leases, if they suffice for every bucket. */
function useLeases(pairs: readonly Pair[], now: number): readonly Decision[] | undefined {
  if (!pairs.every(({ demand, bucket }) => bucket.isLeased(demand.cost, now))) return undefined
  return pairs.map(({ demand, bucket }) => bucket.use(demand.cost, now))
}
