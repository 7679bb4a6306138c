import type { Filter } from 'scim2-parse-filter'
// The parser alone: the rest of the package would be as large again.
import { parseFilter, tokenizer, Tokens } from 'scim2-parse-filter/lib/src/parser'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { lowerCaseAscii } from '../../domain-name.ts'
import type { Attribute, Condition, Operator } from '../../users/user-query-store.ts'
import { ScimException } from './errors.ts'
import { USER_SCHEMA, withoutSchema } from './scim-user.ts'

/** No client needs longer filters than these, and to parse and run them would only cost time. */
const FILTER_LENGTH_MAX = 2048
const COMPARISONS_MAX = 20
const DEPTH_MAX = 10

/** How an attribute is compared: texts without case, but for those that are `exact`. */
type Kind = 'text' | 'exact' | 'boolean' | 'time'
/** An attribute of the database, or a value that is the same for all users. */
type Known = { kind: Kind; is: Attribute } | { kind: Kind; always: string | boolean }

const KNOWN = new Map<string, Known>([
  ['id', { kind: 'exact', is: 'id' }],
  ['externalid', { kind: 'exact', is: 'externalId' }],
  ['username', { kind: 'text', is: 'userName' }],
  ['displayname', { kind: 'text', is: 'displayName' }],
  ['preferredlanguage', { kind: 'text', is: 'preferredLanguage' }],
  ['active', { kind: 'boolean', is: 'active' }],
  ['name.formatted', { kind: 'text', is: 'formatted' }],
  ['name.givenname', { kind: 'text', is: 'givenName' }],
  ['name.familyname', { kind: 'text', is: 'familyName' }],
  ['emails', { kind: 'text', is: 'email' }],
  ['emails.value', { kind: 'text', is: 'email' }],
  ['emails.type', { kind: 'text', always: 'work' }],
  ['emails.primary', { kind: 'boolean', always: true }],
  ['meta.created', { kind: 'time', is: 'created' }],
  ['meta.lastmodified', { kind: 'time', is: 'lastModified' }],
  ['meta.resourcetype', { kind: 'exact', always: 'User' }],
  ['schemas', { kind: 'text', always: lowerCaseAscii(USER_SCHEMA) }],
])

const NAME_PARTS: readonly Attribute[] = ['formatted', 'givenName', 'familyName']
const NEVER: Condition = { tag: 'constant', is: false }
/** An instant (RFC 7643 §2.3.5), without an offset in UTC. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/i

/** The attribute of that name to sort by, or nothing where there is none. */
export function sortAttribute(name: string): Attribute | undefined {
  const known = KNOWN.get(lowerCaseAscii(withoutSchema(name)))
  if (known === undefined || !('is' in known)) return undefined
  return known.is === 'email' ? 'emailKey' : known.is
}

/**
 * Reads a filter (RFC 7644 §3.4.2.2) over the attributes that are kept. Text is compared without the case of ASCII
 * letters, but `id` and `externalId` are compared as they are.
 *
 * @throws {ScimException} 400 `invalidFilter`, which says what is not understood.
 */
export function readUserFilter(text: string): Condition {
  if (text.length > FILTER_LENGTH_MAX) {
    throw invalid(`The filter is over ${FILTER_LENGTH_MAX} characters.`)
  }
  const literals: string[] = []
  // The parser gets a number for each text, and so need not know JSON's escapes.
  const plain = text.replace(/"(?:[^"\\]|\\.)*"/gs, (literal) => `"${literals.push(textOf(literal)) - 1}"`)
  return new FilterReader(literals).read(parse(plain), '', 1)
}

/** What a quoted text means. A backslash before anything that JSON does not escape is one, as in `CORP\jane`. */
function textOf(literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch {
    return literal.slice(1, -1).replaceAll('\\"', '"')
  }
}

function parse(text: string): Filter {
  let filter: Filter | undefined
  let isWhole = false
  try {
    const tokens = new Tokens(tokenizer(text))
    filter = parseFilter(tokens)
    isWhole = tokens.peek().type === 'EOT'
  } catch {
    isWhole = false
  }
  if (filter !== undefined && isWhole) return filter
  throw invalid('The filter is not one of RFC 7644: userName eq "jane" and active eq true.')
}

class FilterReader {
  readonly #literals: readonly string[]
  #comparisons = 0

  constructor(literals: readonly string[]) {
    this.#literals = literals
  }

  /** @param within the attribute whose parts a value path is about, and a dot. */
  read(filter: Filter, within: string, depth: number): Condition {
    if (depth > DEPTH_MAX) throw invalid(`The filter is nested over ${DEPTH_MAX} deep.`)
    const inner = (each: Filter) => this.read(each, within, depth + 1)
    if (filter.op === '[]') {
      const path = `${nameOf(within, filter.attrPath)}.`
      return this.read(filter.valFilter, path, depth + 1)
    }
    if (filter.op === 'not' && 'filter' in filter) return { tag: 'not', of: inner(filter.filter) }
    if (filter.op === 'and' || filter.op === 'or') {
      return { tag: filter.op === 'and' ? 'all' : 'any', of: filter.filters.map(inner) }
    }
    // The parser takes "a not b" and "a constructor b" for filters.
    if (!('attrPath' in filter)) throw invalid('The filter combines by and, or, and not (...) alone.')
    this.#comparisons += 1
    if (this.#comparisons > COMPARISONS_MAX) {
      throw invalid(`The filter has over ${COMPARISONS_MAX} comparisons.`)
    }
    const name = nameOf(within, filter.attrPath)
    if (filter.op === 'pr') return presence(name)
    const { compValue } = filter
    const value = typeof compValue === 'string' ? (this.#literals[Number(compValue)] ?? '') : compValue
    if (value === null && filter.op === 'eq') return { tag: 'not', of: presence(name) }
    if (value === null && filter.op === 'ne') return presence(name)
    if (filter.op !== 'ne') return comparison(name, filter.op, value)
    return { tag: 'not', of: comparison(name, 'eq', value) }
  }
}

function nameOf(within: string, path: string): string {
  return within + lowerCaseAscii(withoutSchema(path))
}

function presence(name: string): Condition {
  if (name === 'name')
    return { tag: 'any', of: NAME_PARTS.map((part) => ({ tag: 'present', attribute: part })) }
  if (name === 'meta') return { tag: 'constant', is: true }
  const known = required(name)
  return 'is' in known ? { tag: 'present', attribute: known.is } : { tag: 'constant', is: true }
}

function comparison(name: string, operator: Operator, given: string | number | boolean | null): Condition {
  const known = required(name)
  const value = valueOf(name, known.kind, operator, given)
  if ('always' in known) return constant(String(known.always), operator, String(value))
  const attribute = known.is
  if (attribute === 'email' && operator === 'eq') {
    const emailKey = canonicalEmailAddress(String(value))
    return emailKey === undefined
      ? NEVER
      : { tag: 'compare', attribute: 'emailKey', operator, value: emailKey }
  }
  if (attribute === 'email' && operator === 'sw') {
    // The local part is the same in the canonical address, and that has an index.
    const [localPart = ''] = String(value).split(/(?<=@)/)
    return {
      tag: 'all',
      of: [
        { tag: 'compare', attribute: 'emailKey', operator, value: localPart },
        { tag: 'compare', attribute, operator, value: String(value) },
      ],
    }
  }
  return { tag: 'compare', attribute, operator, value: value === true ? 1 : value === false ? 0 : value }
}

/** The value as it is compared. */
function valueOf(
  name: string,
  kind: Kind,
  operator: Operator,
  given: string | number | boolean | null,
): string | number | boolean {
  switch (kind) {
    case 'text':
    case 'exact':
      if (typeof given !== 'string') throw invalid(`${name} is compared with a text: ${name} eq "...".`)
      return kind === 'text' ? lowerCaseAscii(given) : given
    case 'boolean': {
      const truth = typeof given === 'string' ? lowerCaseAscii(given) : String(given)
      if (operator !== 'eq' || (truth !== 'true' && truth !== 'false')) {
        throw invalid(`${name} is compared by eq or ne, with true or false.`)
      }
      return truth === 'true'
    }
    case 'time': {
      const at = typeof given === 'string' && TIME.test(given) ? Date.parse(inUtc(given)) : NaN
      if (['co', 'sw', 'ew'].includes(operator) || Number.isNaN(at)) {
        throw invalid(`${name} is compared by eq, ne, gt, ge, lt or le, with a time: "2026-11-26T10:00:00Z".`)
      }
      return at
    }
  }
}

/** A time without an offset is local to JavaScript, which has no place here. */
function inUtc(time: string): string {
  return /T/i.test(time) && !/(?:Z|[+-]\d\d:\d\d)$/i.test(time) ? `${time}Z` : time
}

/** A comparison with what is the same for all users. */
function constant(known: string, operator: Operator, value: string): Condition {
  return { tag: 'constant', is: holds(known, operator, value) }
}

function holds(known: string, operator: Operator, value: string): boolean {
  const held = {
    eq: known === value,
    co: known.includes(value),
    sw: known.startsWith(value),
    ew: known.endsWith(value),
    gt: known > value,
    ge: known >= value,
    lt: known < value,
    le: known <= value,
  }
  return held[operator]
}

/**
 * Whether the one address of a user is meant by a filter of addresses, as in `emails[type eq "work"]`.
 *
 * @throws {ScimException} 400 `invalidFilter`.
 */
export function isAddressMeant(filter: string, address: string): boolean {
  return isTrue(readUserFilter(`emails[${filter}]`), address)
}

/** Whether a condition holds that is about nothing but an address. */
function isTrue(condition: Condition, address: string): boolean {
  switch (condition.tag) {
    case 'all':
      return condition.of.every((each) => isTrue(each, address))
    case 'any':
      return condition.of.some((each) => isTrue(each, address))
    case 'not':
      return !isTrue(condition.of, address)
    case 'constant':
      return condition.is
    case 'present':
      return true
    case 'compare': {
      const { attribute, operator, value } = condition
      const known =
        attribute === 'emailKey' ? (canonicalEmailAddress(address) ?? '') : lowerCaseAscii(address)
      return holds(known, operator, String(value))
    }
  }
}

function required(name: string): Known {
  const known = KNOWN.get(name)
  if (known !== undefined) return known
  throw invalid(
    `A filter knows id, externalId, userName, displayName, preferredLanguage, active, name.givenName,
    name.familyName, name.formatted, emails.value, meta.created and meta.lastModified.`.replace(/\s+/g, ' '),
  )
}

function invalid(message: string): ScimException {
  return new ScimException(400, 'invalidFilter', message)
}
