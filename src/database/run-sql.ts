import type { SQL } from 'drizzle-orm'
import { rawStatement, statementsOf } from './prepared-batch.ts'

/** Runs statements that are SQL alone in one round trip and one transaction. Every value in them is bound. */
export function runSql(
  db: D1Database,
  queries: readonly SQL[],
): Promise<D1Result<Record<string, unknown>>[]> {
  return db.batch(statementsOf(db, queries.map(rawStatement)))
}
