import { env } from 'cloudflare:workers'

/** The database, and the rows that each statement of the last batch read and wrote, as D1 counts them. */
export function meteredDb() {
  const metered = {
    rows: [] as { read: number; written: number }[],
    prepare: (query: string) => env.DB.prepare(query),
    batch: async (statements: D1PreparedStatement[]) => {
      const results = await env.DB.batch(statements)
      metered.rows = results.map(({ meta }) => ({ read: meta.rows_read, written: meta.rows_written }))
      return results
    },
  }
  return metered
}
