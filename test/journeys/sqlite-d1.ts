import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

const MIGRATIONS = resolve(import.meta.dirname, '../../drizzle')

type Bound = { query: string; values: (string | number | null)[] }

/**
 * The engine of D1 without what lies around it, in memory: it times statements to a fraction of a
 * microsecond, where a request to the Worker is timed to a fraction of a millisecond.
 */
export class SqliteD1 {
  /** How long the statements of the last batch took, in microseconds. */
  lastBatchUs = 0
  readonly #sqlite = new DatabaseSync(':memory:')
  readonly #prepared = new Map<string, StatementSync>()

  /** With every migration applied. */
  constructor() {
    const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'))
    for (const file of files.toSorted()) this.#sqlite.exec(readFileSync(join(MIGRATIONS, file), 'utf8'))
  }

  run(query: string, ...values: Bound['values']): void {
    this.#statement(query).run(...values)
  }

  /** What the code under test takes for its database. */
  get binding(): D1Database {
    const prepare = (query: string) => ({ bind: (...values: Bound['values']) => ({ query, values }) })
    const batch = async (statements: Bound[]) => this.#batch(statements)
    return { prepare, batch } as unknown as D1Database
  }

  #batch(statements: readonly Bound[]) {
    const prepared = statements.map(({ query, values }) => ({ statement: this.#statement(query), values }))
    this.#sqlite.exec('BEGIN')
    const startedAt = process.hrtime.bigint()
    const results = prepared.map(({ statement, values }) => ({ results: statement.all(...values) }))
    this.lastBatchUs = Number(process.hrtime.bigint() - startedAt) / 1_000
    this.#sqlite.exec('COMMIT')
    return results
  }

  #statement(query: string): StatementSync {
    const known = this.#prepared.get(query) ?? this.#sqlite.prepare(query)
    this.#prepared.set(query, known)
    return known
  }
}
