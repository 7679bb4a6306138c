import { DurableObject } from 'cloudflare:workers'
import { gcra, type GcraDecision, type Rate } from './gcra.ts'

/** One bucket that a request must pass. */
export type Demand = Rate & {
  /** What the bucket is called in the answer's headers. */
  bucket: string
  /** What it is stored under; several people may have a bucket of one name. */
  key: string
  /** Units asked for, 1 or more. */
  cost: number
}

/** A bucket after the decision. The request is admitted when `retryMs` is 0 for every bucket. */
export type Verdict = Pick<Demand, 'bucket' | 'burst' | 'perMinute'> &
  Pick<GcraDecision, 'remaining' | 'resetMs' | 'retryMs'>

/** How often buckets that are full again are cleared away: they are as if never used. */
const SWEEP_MS = 3_600_000

/**
 * The buckets of one tenant. Each timestamp is stored before its admission is answered, so that
 * eviction, a deploy or a crash never refills a bucket.
 */
export class TenantLimiter extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    ctx.storage.sql.exec(
      'CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, full_at REAL NOT NULL) WITHOUT ROWID',
    )
  }

  /**
   * Takes from every bucket demanded, or from none. One call carries the whole decision of a request.
   */
  async admit(demands: readonly Demand[]): Promise<Verdict[]> {
    const now = Date.now()
    const decisions = demands.map((demand) => {
      const fullAt = this.#fullAt(demand.key)
      return { demand, fullAt, decision: gcra(fullAt, demand, demand.cost, now) }
    })
    const areAllAdmitted = decisions.every(({ decision }) => decision.isAdmitted)
    const verdicts = decisions.map(({ demand, fullAt, decision }) => {
      const { bucket, key, burst, perMinute } = demand
      if (areAllAdmitted) this.#store(key, decision.fullAt)
      const { remaining, resetMs } = areAllAdmitted ? decision : gcra(fullAt, demand, 0, now)
      return { bucket, burst, perMinute, remaining, resetMs, retryMs: decision.retryMs }
    })
    const isSweepDue = areAllAdmitted && demands.some(({ bucket, key }) => bucket !== key)
    if (isSweepDue && (await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(now + SWEEP_MS)
    }
    return verdicts
  }

  /** Clears away the buckets of recipients that are full again. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage
    sql.exec('DELETE FROM buckets WHERE full_at <= ?', Date.now())
    const { count } = sql.exec<{ count: number }>('SELECT count(*) AS count FROM buckets').one()
    if (count > 0) await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS)
  }

  #fullAt(key: string): number | undefined {
    const [row] = this.ctx.storage.sql.exec<{ full_at: number }>(
      'SELECT full_at FROM buckets WHERE key = ?',
      key,
    )
    return row?.full_at
  }

  #store(key: string, fullAt: number): void {
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO buckets (key, full_at) VALUES (?, ?)', key, fullAt)
  }
}
