/** A D1 database that counts its round trips: each `run`, `all`, `first`, `raw`, `batch` and `exec` is one. */
export type CountingD1 = D1Database & {
  /** Round trips so far. */
  trips: number
}

/** Wraps the real binding, for `app.request(url, init, { ...env, DB: countingD1(env.DB) })`. */
export function countingD1(real: D1Database): CountingD1 {
  const realStatements = new WeakMap<D1PreparedStatement, D1PreparedStatement>()

  function trip<Args extends unknown[], Result>(call: (...args: Args) => Result) {
    return (...args: Args): Result => {
      counting.trips += 1
      return call(...args)
    }
  }

  function statement(inner: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => statement(inner.bind(...values)),
      run: trip(inner.run.bind(inner)),
      all: trip(inner.all.bind(inner)),
      first: trip(inner.first.bind(inner)),
      raw: trip(inner.raw.bind(inner)),
    } as D1PreparedStatement
    realStatements.set(wrapped, inner)
    return wrapped
  }

  const unwrap = (wrapped: D1PreparedStatement) => realStatements.get(wrapped) ?? wrapped
  const counting = {
    trips: 0,
    prepare: (query: string) => statement(real.prepare(query)),
    batch: trip((statements: D1PreparedStatement[]) => real.batch(statements.map(unwrap))),
    exec: trip(real.exec.bind(real)),
  } as CountingD1
  return counting
}
