import type { SQL } from 'drizzle-orm'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

const dialect = new SQLiteAsyncDialect()

/** Runs statements that are SQL alone in one round trip and one transaction. Every value in them is bound. */
export function runSql(
  db: D1Database,
  queries: readonly SQL[],
): Promise<D1Result<Record<string, unknown>>[]> {
  const statements = queries.map((query) => {
    const { sql, params } = dialect.sqlToQuery(query)
    return db.prepare(sql).bind(...params)
  })
  return db.batch(statements)
}
