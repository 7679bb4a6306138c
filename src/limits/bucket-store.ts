import type { StoredBucket } from './bucket.ts'
import type { BucketStorage } from './tenant-buckets.ts'

/** The buckets of one tenant, in the SQLite storage of its Durable Object. */
export class BucketStore implements BucketStorage {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(
      'CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, full_at REAL NOT NULL, unit_ms REAL, lapses_at REAL) WITHOUT ROWID',
    )
    this.#addColumns()
  }

  read(keys: readonly string[]): ReadonlyMap<string, StoredBucket> {
    const rows = this.#sql.exec<{ key: string; full_at: number; unit_ms: number; lapses_at: number }>(
      `SELECT key, full_at, ifnull(unit_ms, 0) AS unit_ms, ifnull(lapses_at, 0) AS lapses_at
       FROM buckets WHERE key IN (SELECT value FROM json_each(?))`,
      JSON.stringify(keys),
    )
    return new Map(
      rows
        .toArray()
        .map(({ key, full_at, unit_ms, lapses_at }) => [
          key,
          { fullAt: full_at, unitMs: unit_ms, lapsesAt: lapses_at },
        ]),
    )
  }

  write(buckets: ReadonlyMap<string, StoredBucket>): void {
    const rows = [...buckets].map(([key, { fullAt, unitMs, lapsesAt }]) => [key, fullAt, unitMs, lapsesAt])
    this.#sql.exec(
      `INSERT OR REPLACE INTO buckets (key, full_at, unit_ms, lapses_at)
       SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?)`,
      JSON.stringify(rows),
    )
  }

  /** Deletes the buckets that are full at `now`, epoch ms, and says whether any are left. */
  deleteFull(now: number): boolean {
    this.#sql.exec('DELETE FROM buckets WHERE full_at <= ?', now)
    return this.#sql.exec('SELECT 1 FROM buckets LIMIT 1').toArray().length > 0
  }

  /** An object of an earlier version stored timestamps alone. */
  #addColumns(): void {
    const columns = this.#sql
      .exec<{ name: string }>("SELECT name FROM pragma_table_info('buckets')")
      .toArray()
    if (columns.some(({ name }) => name === 'unit_ms')) return
    this.#sql.exec('ALTER TABLE buckets ADD COLUMN unit_ms REAL')
    this.#sql.exec('ALTER TABLE buckets ADD COLUMN lapses_at REAL')
  }
}
