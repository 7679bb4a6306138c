import { DurableObject } from 'cloudflare:workers'
import { TenantBuckets, type Ask, type Answer } from './tenant-buckets.ts'

/** How often buckets that are full again are cleared away: they are as if never used. */
const SWEEP_MS = 3_600_000

/**
 * The buckets of one tenant, with their storage. The runtime holds every answer back until what was
 * written before it is durable, so that eviction, a deploy or a crash never refills a bucket.
 */
export class TenantLimiter extends DurableObject<Env> {
  readonly #buckets: TenantBuckets
  #isSweepSet = false

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    const { sql } = ctx.storage
    sql.exec('CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, full_at REAL NOT NULL) WITHOUT ROWID')
    this.#buckets = new TenantBuckets({
      read: (keys) => {
        const found = sql.exec<{ key: string; full_at: number }>(
          'SELECT key, full_at FROM buckets WHERE key IN (SELECT value FROM json_each(?))',
          JSON.stringify(keys),
        )
        return new Map(found.toArray().map(({ key, full_at }) => [key, full_at]))
      },
      write: (fullAts) => {
        sql.exec(
          'INSERT OR REPLACE INTO buckets (key, full_at) SELECT value->>0, value->>1 FROM json_each(?)',
          JSON.stringify([...fullAts]),
        )
      },
    })
  }

  /**
   * Takes from every bucket asked for, or from none. One call carries the whole decision of a request.
   *
   * @param isolate the isolate that asks.
   */
  async answer(isolate: string, asks: readonly Ask[]): Promise<Answer[]> {
    if (!this.#isSweepSet && asks.some(({ bucket, key }) => bucket !== key)) {
      this.#isSweepSet = true
      if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS)
    }
    return this.#buckets.answer(isolate, asks, Date.now())
  }

  /** Clears away what recipients' buckets leave behind. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage
    sql.exec('DELETE FROM buckets WHERE full_at <= ?', Date.now())
    const { count } = sql.exec<{ count: number }>('SELECT count(*) AS count FROM buckets').one()
    this.#isSweepSet = count > 0
    if (count > 0) await this.ctx.storage.setAlarm(Date.now() + SWEEP_MS)
  }
}
