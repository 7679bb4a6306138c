import { is, Param, Placeholder, sql, type SQL } from 'drizzle-orm'
import { drizzle, type DrizzleD1Database } from 'drizzle-orm/d1'
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core'

/** A statement of Drizzle's builder, before it has run. */
type Buildable = { toSQL(): { sql: string; params: unknown[] } }

/** What D1 takes for a placeholder. */
export type Bindable = string | number | null

/** One placeholder for each value that is known only when the statements run. */
export type Placeholders<Values> = { readonly [Name in keyof Values]-?: Placeholder }

/** Values of which some or all are known only when a statement runs. */
export type Given<Values> = { readonly [Name in keyof Values]: Values[Name] | Placeholder }

/** Builds statements, and runs none by itself. */
export type Orm = DrizzleD1Database

type Build<Values> = (orm: Orm, given: Placeholders<Values>) => readonly Buildable[]

type Prepared = { text: string; valuesOf: (values: Readonly<Record<string, Bindable>>) => unknown[] }

/**
 * Statements that run in one round trip and one transaction, their text built once per isolate. Building
 * them anew was more than a third of the CPU time of a call on codes.
 */
export class PreparedBatch<Values extends Record<string, Bindable>> {
  readonly #build: Build<Values>
  #prepared: Prepared[] | undefined

  /** @param build makes the statements; whatever differs from run to run is a placeholder of `given`. */
  constructor(build: Build<Values>) {
    this.#build = build
  }

  /**
   * Runs the statements. Rows have the columns' names.
   *
   * @throws {TypeError} naming the placeholder for which `values` holds nothing that D1 can bind, never a value.
   */
  run(db: D1Database, values: Values): Promise<D1Result[]> {
    return db.batch(this.statements(db, values))
  }

  /**
   * The statements, for a round trip that they share with others.
   *
   * @throws {TypeError} as `run` does.
   */
  statements(db: D1Database, values: Values): D1PreparedStatement[] {
    this.#prepared ??= this.#build(drizzle(db), newPlaceholders<Values>()).map(prepare)
    return this.#prepared.map(({ text, valuesOf }) => db.prepare(text).bind(...valuesOf(values)))
  }
}

/** A statement that Drizzle's builder has no words for. */
export function rawStatement(text: SQL): Buildable {
  return { toSQL: () => new SQLiteAsyncDialect().sqlToQuery(text) }
}

/** Statements of Drizzle's, for a round trip that they share with statements that are none. */
export function statementsOf(db: D1Database, queries: readonly Buildable[]): D1PreparedStatement[] {
  return queries.map((query) => {
    const { sql: text, params } = query.toSQL()
    return db.prepare(text).bind(...params)
  })
}

function newPlaceholders<Values>(): Placeholders<Values> {
  const made = new Proxy({}, { get: (_, name) => sql.placeholder(String(name)) })
  return made as Placeholders<Values>
}

/**
 * The statement with every value bound once, however often its text names it: texts and values are sent
 * with each call, and are most of what it costs. No text quotes a question mark or a run of blanks, and
 * no column encodes its values.
 */
function prepare(statement: Buildable): Prepared {
  const { sql: text, params } = statement.toSQL()
  const keys = params.map((param) => placeholderName(param) ?? param)
  const bound = [...new Set(keys)]
  const numbers = keys.map((key) => bound.indexOf(key) + 1)
  return {
    text: text.replace(/\s+/g, ' ').replaceAll('?', () => `?${numbers.shift()}`),
    valuesOf: (values) =>
      bound.map((key) => (typeof key === 'symbol' ? requireValue(values, key.description ?? '') : key)),
  }
}

/** The name of the placeholder that a parameter is, as a symbol, so that no constant is taken for one. */
function placeholderName(param: unknown): symbol | undefined {
  const value = is(param, Param) ? param.value : param
  return is(value, Placeholder) ? Symbol.for(value.name) : undefined
}

/** The types hold the values against the placeholders, but not what an assertion elsewhere let through. */
function requireValue(values: Readonly<Record<string, Bindable>>, name: string): Bindable {
  const value = Object.hasOwn(values, name) ? values[name] : undefined
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  throw new TypeError(`the placeholder ${name} has no value that D1 can bind`)
}
