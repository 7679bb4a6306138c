import type { BucketStorage } from './tenant-buckets.ts'

/** The timestamps of one tenant's buckets, in the SQLite storage of its Durable Object. */
export class BucketStore implements BucketStorage {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS buckets (key TEXT PRIMARY KEY, full_at REAL NOT NULL) WITHOUT ROWID')
  }

  read(keys: readonly string[]): ReadonlyMap<string, number> {
    const rows = this.#sql.exec<{ key: string; full_at: number }>(
      'SELECT key, full_at FROM buckets WHERE key IN (SELECT value FROM json_each(?))',
      JSON.stringify(keys),
    )
    return new Map(rows.toArray().map(({ key, full_at }) => [key, full_at]))
  }

  write(fullAts: ReadonlyMap<string, number>): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO buckets (key, full_at) SELECT value->>0, value->>1 FROM json_each(?)',
      JSON.stringify([...fullAts]),
    )
  }

  /** Deletes the buckets that are full at `now`, epoch ms, and says whether any are left. */
  deleteFull(now: number): boolean {
    this.#sql.exec('DELETE FROM buckets WHERE full_at <= ?', now)
    return this.#sql.exec('SELECT 1 FROM buckets LIMIT 1').toArray().length > 0
  }
}
