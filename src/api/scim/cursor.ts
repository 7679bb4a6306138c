import { createHash } from 'node:crypto'
import { seal, unseal } from '../../crypto/seal.ts'
import type { Keyring } from '../../crypto/keyring.ts'
import type { Position } from '../../users/user-query-store.ts'
import { ScimException } from './errors.ts'

/**
 * Cursors (RFC 9865): where a page ended, for this query of this tenant alone. They are encrypted, since they hold what
 * users are sorted by, and they stay in no table, so that nobody can use up any room by them.
 */

/** For how long a cursor leads on. */
export const CURSOR_TIMEOUT_S = 3_600

const PURPOSE = 'scim-cursor'

/** What a cursor is good for. */
export type CursorScope = { tenantId: string; now: number; query: readonly (string | undefined)[] }

type Held = { tenantId: string; query: string; until: number; after: Position }

export function newCursor(
  keys: Keyring,
  { tenantId, now, query }: CursorScope,
  after: Position,
): Promise<string> {
  const held: Held = { tenantId, query: digestOf(query), until: now + CURSOR_TIMEOUT_S * 1000, after }
  return seal(keys, PURPOSE, held)
}

/**
 * Where the page before ended; nothing for the first page, whose cursor is empty.
 *
 * @throws {ScimException} 400 `invalidCursor` for one that was not given for this query, and `expiredCursor`.
 */
export async function readCursor(
  keys: Keyring,
  { tenantId, now, query }: CursorScope,
  cursor: string,
): Promise<Position | undefined> {
  if (cursor === '') return undefined
  const held = (await unseal(keys, PURPOSE, cursor)) as Held | undefined
  if (held === undefined || held.tenantId !== tenantId || held.query !== digestOf(query)) {
    throw new ScimException(400, 'invalidCursor', 'The cursor was not given for this query.')
  }
  if (held.until <= now) {
    throw new ScimException(400, 'expiredCursor', `A cursor leads on for ${CURSOR_TIMEOUT_S} seconds.`)
  }
  return held.after
}

function digestOf(query: CursorScope['query']): string {
  return createHash('sha256').update(JSON.stringify(query)).digest('base64url')
}
