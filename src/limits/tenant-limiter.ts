import { DurableObject } from 'cloudflare:workers'
import { BucketStore } from './bucket-store.ts'
import { TenantBuckets, type Answer, type Ask } from './tenant-buckets.ts'

/** How often buckets that are full again are deleted: a full bucket and one never used are the same. */
const SWEEP_MS = 3_600_000

/**
 * The buckets of one tenant, with their storage. The runtime holds every answer back until what was
 * written before it is durable, so that eviction, a deploy or a crash never refills a bucket.
 */
export class TenantLimiter extends DurableObject<Env> {
  readonly #store: BucketStore
  readonly #buckets: TenantBuckets
  #isSweepSet = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#store = new BucketStore(ctx.storage.sql)
    this.#buckets = new TenantBuckets(this.#store)
  }

  /**
   * Takes from every bucket asked for, or from none. One call carries the whole decision of a request.
   *
   * @param isolate the random name of the isolate that asks.
   */
  async answer(isolate: string, asks: readonly Ask[]): Promise<Answer[]> {
    // Only buckets of persons, which have keys of their own, become many.
    if (!this.#isSweepSet && asks.some(({ bucket, key }) => bucket !== key)) {
      this.#isSweepSet = true
      if ((await this.ctx.storage.getAlarm()) === null) await this.#setSweep()
    }
    return this.#buckets.answer(isolate, asks, Date.now())
  }

  /** Deletes what the buckets of persons leave behind, and comes again while any are in use. */
  override async alarm(): Promise<void> {
    this.#isSweepSet = this.#store.deleteFull(Date.now())
    if (this.#isSweepSet) await this.#setSweep()
  }

  #setSweep(): Promise<void> {
    return this.ctx.storage.setAlarm(Date.now() + SWEEP_MS)
  }
}
