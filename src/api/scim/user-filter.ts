import { parse as parseFilter, type Filter } from 'scim2-parse-filter'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { ScimException } from './errors.ts'
import { userNameKey } from './scim-user.ts'
import type { UserFilter } from '../../users/user-store.ts'

/** A search for one user needs no longer filter, and parsing one would only cost time. */
const FILTER_LENGTH_MAX = 1024

/** How Entra ID names the address of a user, which the parser does not read. A user has one address here. */
const WORK_ADDRESS = /^\s*emails\[type eq "work"\]\.value(?=\s)/i
/** A schema before the name of an attribute, as some clients write it. */
const CORE_SCHEMA = /^urn:ietf:params:scim:schemas:core:2\.0:user:/

/**
 * Reads a comparison by `eq` with what an index serves: `id`, `externalId`, `userName`, or an address as `emails`,
 * `emails.value`, `emails[value eq "..."]` or `emails[type eq "work"].value`.
 *
 * @throws {ScimException} 400 `invalidFilter` for any other filter.
 */
export function readUserFilter(text: string): UserFilter {
  const plain = text.replace(WORK_ADDRESS, 'emails.value')
  const comparison = plain.length <= FILTER_LENGTH_MAX ? equality(parse(plain)) : undefined
  if (comparison?.attribute === 'username') {
    return { column: 'userNameKey', value: userNameKey(comparison.value) }
  }
  if (comparison?.attribute === 'emails' || comparison?.attribute === 'emails.value') {
    // Text that is not an address must match no user. No canonical address contains a space.
    return { column: 'emailKey', value: canonicalEmailAddress(comparison.value) ?? ' ' }
  }
  if (comparison?.attribute === 'id') return { column: 'id', value: comparison.value }
  if (comparison?.attribute === 'externalid') return { column: 'externalId', value: comparison.value }
  throw new ScimException(
    400,
    'invalidFilter',
    'Filter by eq, and by id, externalId, userName or emails.value: userName eq "...".',
  )
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
  return { attribute: filter.attrPath.toLowerCase().replace(CORE_SCHEMA, ''), value: filter.compValue }
}
