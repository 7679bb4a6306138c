/** One statement that was executed, with what D1 said of it. */
export type Statement = {
  sql: string
  params: unknown[]
  rowsRead: number
  rowsWritten: number
}

/** One round trip to D1. */
export type Trip = { statements: Statement[] }

type Known = { sql: string; params: unknown[]; inner: D1PreparedStatement }

/** Wraps a D1 binding, and tells of every round trip. */
export function recordingD1(real: D1Database, onTrip: (trip: Trip) => void): D1Database {
  const known = new WeakMap<D1PreparedStatement, Known>()

  function statement(sql: string, params: unknown[], inner: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => statement(sql, values, inner.bind(...values)),
      run: async () => recorded(await inner.run()),
      all: async () => recorded(await inner.all()),
      first: async () => recorded(await inner.all()).results[0] ?? null,
      // Without meta: D1 gives none here, and rows by name would lose columns that share one.
      raw: async () => {
        onTrip({ statements: [{ sql, params, rowsRead: NaN, rowsWritten: NaN }] })
        return inner.raw()
      },
    } as unknown as D1PreparedStatement
    const recorded = <Result extends D1Result>(result: Result) => {
      onTrip({ statements: [executed({ sql, params }, result.meta)] })
      return result
    }
    known.set(wrapped, { sql, params, inner })
    return wrapped
  }

  return {
    prepare: (sql: string) => statement(sql, [], real.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) => {
      const all = statements.map((each) => known.get(each)).filter((each) => each !== undefined)
      const results = await real.batch(all.map(({ inner }) => inner))
      onTrip({
        statements: all.map((each, index) => executed(each, results[index]?.meta)),
      })
      return results
    },
  } as unknown as D1Database
}

function executed({ sql, params }: Pick<Known, 'sql' | 'params'>, meta?: D1Meta): Statement {
  return { sql, params, rowsRead: meta?.rows_read ?? NaN, rowsWritten: meta?.rows_written ?? NaN }
}
