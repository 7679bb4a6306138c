import { parse as parseFilter, type Filter } from 'scim2-parse-filter'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { ScimException } from './errors.ts'
import { userNameKey } from './scim-user.ts'
import type { UserFilter } from '../../users/user-store.ts'

/** A search for one user needs no longer filter, and parsing one would only cost time. */
const FILTER_LENGTH_MAX = 1024

/**
 * Reads `userName eq "..."` or `emails.value eq "..."` (also as `emails[value eq "..."]`).
 *
 * @throws {ScimException} 400 `invalidFilter` for any other filter.
 */
export function readUserFilter(text: string): UserFilter {
  const comparison = text.length <= FILTER_LENGTH_MAX ? equality(parse(text)) : undefined
  if (comparison?.attribute === 'username') {
    return { column: 'userNameKey', value: userNameKey(comparison.value) }
  }
  if (comparison?.attribute === 'emails' || comparison?.attribute === 'emails.value') {
    // Text that is not an address must match no user. No canonical address contains a space.
    return { column: 'emailKey', value: canonicalEmailAddress(comparison.value) ?? ' ' }
  }
  throw new ScimException(400, 'invalidFilter', 'Filter by userName eq "..." or emails.value eq "...".')
}

function parse(text: string): Filter | undefined {
  try {
    return parseFilter(text)
  } catch {
    return undefined
  }
}

function equality(filter: Filter | undefined): { attribute: string; value: string } | undefined {
  if (filter?.op === '[]') {
    const inner = equality(filter.valFilter)
    return inner && { ...inner, attribute: `${filter.attrPath.toLowerCase()}.${inner.attribute}` }
  }
  if (filter?.op !== 'eq' || typeof filter.compValue !== 'string') return undefined
  return { attribute: filter.attrPath.toLowerCase(), value: filter.compValue }
}
