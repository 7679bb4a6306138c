import { DurableObject } from 'cloudflare:workers'
import { gcra, type GcraDecision, type Rate } from './gcra.ts'

/** One bucket that a request must pass. */
export type Demand = Rate & {
  bucket: string
  /** Units asked for, 1 or more. */
  cost: number
}

/** A bucket after the decision. The request is admitted when `retryMs` is 0 for every bucket. */
export type Verdict = Pick<Demand, 'bucket' | 'burst' | 'perMinute'> &
  Pick<GcraDecision, 'remaining' | 'resetMs' | 'retryMs'>

/**
 * The buckets of one tenant. Each timestamp is stored before its admission is answered, so that
 * eviction, a deploy or a crash never refills a bucket.
 */
export class TenantLimiter extends DurableObject<Env> {
  /**
   * Takes from every bucket demanded, or from none. One call carries the whole decision of a request.
   */
  admit(demands: readonly Demand[]): Verdict[] {
    const now = Date.now()
    const { kv } = this.ctx.storage
    const decisions = demands.map((demand) => {
      const fullAt = kv.get<number>(demand.bucket)
      return { demand, fullAt, decision: gcra(fullAt, demand, demand.cost, now) }
    })
    const areAllAdmitted = decisions.every(({ decision }) => decision.isAdmitted)
    return decisions.map(({ demand, fullAt, decision }) => {
      if (areAllAdmitted) kv.put(demand.bucket, decision.fullAt)
      const { bucket, burst, perMinute } = demand
      const { remaining, resetMs } = areAllAdmitted ? decision : gcra(fullAt, demand, 0, now)
      return { bucket, burst, perMinute, remaining, resetMs, retryMs: decision.retryMs }
    })
  }
}
