import { sql, type SQL } from 'drizzle-orm'
import { index, type SQLiteColumn } from 'drizzle-orm/sqlite-core'

/**
 * Names by which the console finds users as one types, in lower case of ASCII letters as SQLite's `lower` has it: the
 * given name, or else the display name, which mostly begins with it; and the family name.
 */
export const FIRST_NAME =
  "CASE WHEN attributes ->> '$.name.givenName' IS NULL THEN attributes ->> '$.displayName' ELSE attributes ->> '$.name.givenName' END"
export const LAST_NAME = "attributes ->> '$.name.familyName'"

/** Users without such a name are in neither. */
export function nameIndexes({ tenantId }: { tenantId: SQLiteColumn }) {
  const of = (name: string, text: string) =>
    index(name)
      .on(tenantId, lowered(text))
      .where(sql.raw(`${text} IS NOT NULL`))
  return [of('users_by_first_name', FIRST_NAME), of('users_by_last_name', LAST_NAME)]
}

function lowered(text: string): SQL {
  return sql.raw(`lower(${text})`)
}
