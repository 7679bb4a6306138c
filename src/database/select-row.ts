import { getTableColumns, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'

/** A value for every column of a table, by the column's name, also for those that have a default. */
export type Row<Table extends SQLiteTable> = {
  readonly [Column in keyof Table['$inferSelect']]: SQLWrapper | string | number | null
}

/**
 * The SELECT of an `INSERT ... SELECT` into the table: its columns by name, in the order in which Drizzle
 * inserts them. A column that is missing, or is not the table's, does not compile.
 *
 * @param source what is selected from: `FROM ...`, or `WHERE ...` without a table.
 */
export function selectRow<Table extends SQLiteTable>(table: Table, row: Row<Table>, source: SQL): SQL {
  const names = Object.keys(getTableColumns(table)) as (keyof Row<Table>)[]
  const values = names.map((name) => literal(row[name]))
  return sql`SELECT ${sql.join(values, sql`, `)} ${source}`
}

/** Numbers and NULL stand in the text itself, so that they cost no bound value. */
function literal(value: SQLWrapper | string | number | null): SQL {
  if (value === null) return sql`NULL`
  return typeof value === 'number' ? sql.raw(String(value)) : sql`${value}`
}
