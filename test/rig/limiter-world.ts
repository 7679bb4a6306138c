import type { Admission, LimiterAccess } from '../../src/limits/admission.ts'
import type { StoredBucket } from '../../src/limits/bucket.ts'
import type { Rate } from '../../src/limits/gcra.ts'
import { TenantBuckets, type Answer, type Ask, type Demand } from '../../src/limits/tenant-buckets.ts'

/** A tenant's limiter without the runtime: time is a number that the test sets. */
export class LimiterWorld {
  readonly storage: Map<string, StoredBucket>
  readonly #reads: string[] = []
  buckets: TenantBuckets
  /** Calls that isolates have made, and writes to storage. */
  calls = 0
  writes = 0

  constructor(storage = new Map<string, StoredBucket>()) {
    this.storage = storage
    this.buckets = this.#newBuckets()
  }

  /** How often this key was read from storage. */
  readsOf(key: string): number {
    return this.#reads.filter((read) => read === key).length
  }

  /** Forgets what is in memory, as an eviction, a deploy or a crash does. */
  restart(): void {
    this.buckets = this.#newBuckets()
  }

  /** Answers an isolate at once. */
  answer(isolate: string, asks: readonly Ask[], now: number): Answer[] {
    this.calls += 1
    return this.buckets.answer(isolate, asks, now)
  }

  #newBuckets(): TenantBuckets {
    return new TenantBuckets({
      read: (keys) => {
        this.#reads.push(...keys)
        return this.storage
      },
      write: (buckets) => {
        this.writes += 1
        buckets.forEach((bucket, key) => this.storage.set(key, bucket))
      },
    })
  }
}

export const demandOf = (rate: Rate, key = 'validate'): Demand => ({
  bucket: 'validate',
  key,
  ...rate,
  cost: 1,
})

/** Requests that wait for an answer as long as it takes. */
export const WITHOUT_DEADLINE = {
  within: <Value>(answer: Promise<Value>) => answer,
  afterwards: () => undefined,
  deadlineMs: 150,
}

/** One request to an isolate at `now`, with a limiter that answers at once unless `ask` is another. */
export async function decide(
  isolate: Admission,
  world: LimiterWorld,
  demands: readonly Demand[],
  now: number,
  ask: LimiterAccess['ask'] = async (name, asks) => world.answer(name, asks, now),
) {
  const decided = await isolate.decide({ ask, ...WITHOUT_DEADLINE }, 'tenant', demands, () => now)
  return decided.map(({ decision }) => decision)
}

/** One request for one unit: whether it is admitted, and if not, how long it is told to wait. */
export async function request(isolate: Admission, world: LimiterWorld, rate: Rate, now: number) {
  const [decision] = await decide(isolate, world, [demandOf(rate)], now)
  if (decision === undefined) throw new Error('one demand, one decision')
  return { isAdmitted: decision.retryMs === 0, retryMs: decision.retryMs }
}

/** Requests at one instant until one is refused, or so many are admitted; returns how many were. */
export async function drain(isolate: Admission, world: LimiterWorld, rate: Rate, now: number, most = 2_000) {
  let admitted = 0
  while (admitted < most && (await request(isolate, world, rate, now)).isAdmitted) admitted += 1
  return admitted
}
