import { FIRST_NAME, LAST_NAME } from '../database/name-index.ts'
import type { TenantScope } from '../database/scope.ts'

/** The statement by which somebody is found as one types: by the start of an address or a name, which indexes serve. */

/** Users that are shown: whoever needs more types on. */
export const FOUND_MAX = 25

export type FoundUser = {
  id: string
  email: string
  userName: string
  name: string | null
  status: 'enabled' | 'disabled'
  isHighRisk: 0 | 1
}

/** Greater than every text that begins as the other: no code point is after it. */
const LAST_SYMBOL = String.fromCodePoint(0x10ffff)

const COLUMNS = `id, email, user_name AS userName, status, high_risk_at IS NOT NULL AS isHighRisk,
  coalesce(attributes ->> '$.displayName', nullif(trim(coalesce(attributes ->> '$.name.givenName', '') || ' ' ||
    coalesce(attributes ->> '$.name.familyName', '')), '')) AS name`

/**
 * Users of whom an address, a user name, a given, family or display name begins with the text, in the order of their
 * addresses.
 *
 * @param text in lower case of ASCII letters.
 */
export async function findByStart({ db, tenantId }: TenantScope, text: string): Promise<FoundUser[]> {
  const by = (expression: string, isThere = '1') =>
    `SELECT * FROM (SELECT ${COLUMNS} FROM users WHERE tenant_id = ?1 AND ${isThere} AND ${expression} >= ?2
       AND ${expression} < ?3 ORDER BY ${expression} LIMIT ${FOUND_MAX})`
  const found = await db
    .prepare(
      [
        by('email_key'),
        by('user_name_key'),
        by(`lower(${FIRST_NAME})`, `${FIRST_NAME} IS NOT NULL`),
        by(`lower(${LAST_NAME})`, `${LAST_NAME} IS NOT NULL`),
      ].join(' UNION '),
    )
    .bind(tenantId, text, text + LAST_SYMBOL)
    .all<FoundUser>()
  return found.results.toSorted((one, other) => (one.email < other.email ? -1 : 1)).slice(0, FOUND_MAX)
}
