import { ExpiringMap } from '../expiring-map.ts'
import { KnownBucket } from './known-bucket.ts'
import type { Answer, Ask, Decision, Demand } from './tenant-buckets.ts'

/** The way of one request to its tenant's Durable Object. */
export type LimiterAccess = {
  /** Asks, in one call; `isolate` is the random name of the asking isolate. */
  ask(isolate: string, asks: Ask[]): Promise<Answer[]>
  /** Waits for an answer no longer than this request may. */
  within<Value>(answer: Promise<Value>): Promise<Value>
}

/** Buckets that an isolate remembers; the one used longest ago is forgotten first. */
const KNOWN_MAX = 10_000

type Pair = { demand: Demand; bucket: KnownBucket }

/**
 * Decides requests in one isolate: by a hold, by leases, or by asking the tenant's Durable Object
 * (docs/limits.md). Knows no clock and no binding.
 */
export class Admission {
  readonly #known = new ExpiringMap<KnownBucket>(KNOWN_MAX)
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
    const pairs = demands.map((demand) => ({ demand, bucket: this.#count(scope, demand, arrivedAt) }))
    const [first, ...others] = pairs
    for (;;) {
      const now = clock()
      const decisions = decideAlone(pairs, now)
      if (decisions !== undefined) return decisions
      if (others.length > 0 || first?.bucket.asking === undefined) return this.#ask(access, pairs, now)
      await answered(access, first.bucket, first.bucket.asking)
    }
  }

  #ask(access: LimiterAccess, pairs: readonly Pair[], now: number): Promise<readonly Decision[]> {
    // A request for several buckets must ask for the others anyway: a lease of one would save no call.
    const isLeasable = pairs.length === 1
    const asks = pairs.map(({ demand, bucket }) => bucket.ask(demand, isLeasable, now))
    const asking = access
      .within(access.ask(this.#isolate, asks))
      .then((answers) =>
        pairs.map(({ demand: { cost }, bucket }, index) => bucket.learn(answers[index] as Answer, cost, now)),
      )
      .finally(() => {
        for (const { bucket } of pairs) if (bucket.asking === asking) bucket.asking = undefined
      })
    for (const { bucket } of pairs) bucket.awaitAnswer(asking)
    return asking
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
}

/** Waits for the call of another request. If that request was cut off, the next one asks anew. */
async function answered(access: LimiterAccess, bucket: KnownBucket, asking: Promise<unknown>): Promise<void> {
  try {
    await access.within(asking)
  } finally {
    if (bucket.asking === asking) bucket.asking = undefined
  }
}

/** What the isolate can decide without asking, if anything. */
function decideAlone(pairs: readonly Pair[], now: number): readonly Decision[] | undefined {
  if (pairs.some(({ demand, bucket }) => bucket.isHeld(demand.cost, now))) {
    return pairs.map(({ demand, bucket }) => bucket.refuse(demand.cost, now))
  }
  if (!pairs.every(({ demand, bucket }) => bucket.isLeased(demand.cost, now))) return undefined
  return pairs.map(({ demand, bucket }) => bucket.use(demand.cost, now))
}
