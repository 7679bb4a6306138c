import * as v from 'valibot'
import { isRecord } from '../../record.ts'
import { ScimException } from './errors.ts'
import { renamed, withoutSchema, type userResource } from './scim-user.ts'
import { isAddressMeant } from './user-filter.ts'

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** RFC 7644 §3.5.2. Some clients write the operation with a capital. */
export const patchSchema = v.object({
  schemas: v.pipe(
    v.array(v.string()),
    v.check((schemas) => schemas.includes(SCHEMA)),
  ),
  Operations: v.pipe(
    v.array(
      v.object({
        op: v.pipe(v.string(), v.toLowerCase(), v.picklist(['add', 'replace', 'remove'])),
        path: v.nullish(v.string()),
        value: v.optional(v.unknown()),
      }),
    ),
    v.minLength(1),
  ),
})

type Operation = { op: 'add' | 'replace' | 'remove'; target: Target; value: unknown }

/** Which attribute is meant, or which values of it, and which part. */
type Target = { attribute: string; filter: string | undefined; part: string | undefined }

/** The user while a patch is applied. Its types are checked afterwards, like those of a whole user. */
type Patched = {
  name?: unknown
  /** The address of the user alone; what is beside it stands in `home`. */
  emails: unknown
  home: unknown
  phoneNumbers: unknown
} & Record<Scalar, unknown>

const SCALARS = ['userName', 'active', 'externalId', 'displayName', 'preferredLanguage'] as const
type Scalar = (typeof SCALARS)[number]

const NAME_PARTS = ['formatted', 'givenName', 'familyName']
const READ_ONLY = new Set(['id', 'meta'])

/** RFC 7644 §3.5.2, figure 7: an attribute, perhaps with its schema, a filter of its values, and a part of it. */
const PATH =
  /^((?:urn:[\w.:-]+:)?[a-z$][\w$-]*)(?:\[((?:[^[\]"]|"(?:[^"\\]|\\.)*")*)\])?(?:\.([a-z$][\w$-]*))?$/is

/**
 * Applies the body of a PATCH to a user, attribute by attribute of those we keep; others are ignored,
 * as they are in a whole user.
 *
 * @returns the patched resource, to be read like one that a client sent.
 * @throws {ScimException} 400: `invalidSyntax` for what is not a patch, `invalidPath`, `invalidFilter`, `noTarget`,
 *   `mutability`, `invalidValue`.
 */
export function applyPatch(resource: ReturnType<typeof userResource>, body: unknown): unknown {
  const { userName, active, externalId, displayName, preferredLanguage, name, emails, phoneNumbers } =
    resource
  const [work, home] = emails
  const before = { emails: [work], home }
  const scalars = { userName, active, externalId, displayName, preferredLanguage }
  const patched = { ...scalars, ...before, name, phoneNumbers }
  for (const operation of readOperations(body)) apply(patched, operation)
  const isSame = patched.emails === before.emails && patched.home === home
  return { ...patched, emails: isSame ? emails : allAddresses(patched) }
}

/** A user without an address has their user name for it, and never the one for home. */
function allAddresses({ userName, emails, home }: Patched): unknown {
  if (home === undefined) return emails
  const [work = { value: userName }] = emails as unknown[]
  return [work, home]
}

function readOperations(body: unknown): Operation[] {
  const result = v.safeParse(patchSchema, body)
  if (!result.success) throw notAPatch()
  return result.output.Operations.flatMap((operation): Operation[] => {
    const { op, path } = operation
    const value = renamed(operation.value)
    if (typeof path === 'string' && path !== '') {
      if (op !== 'remove' && !Object.hasOwn(operation, 'value')) {
        throw new ScimException(400, 'invalidValue', `The operation on ${path} must have a value.`)
      }
      const target = targetOf(path)
      if (target === undefined) throw new ScimException(400, 'invalidPath', 'path is not one of RFC 7644.')
      if (READ_ONLY.has(target.attribute)) throw immutable(target.attribute)
      return [{ op, target, value }]
    }
    if (op === 'remove')
      throw new ScimException(400, 'noTarget', 'An operation that removes must have a path.')
    // Without a path, the value names the attributes. What is not kept, or cannot be changed, is ignored.
    if (!isRecord(value)) throw notAPatch()
    return Object.entries(value).flatMap(([name, member]): Operation[] => {
      const target = targetOf(name)
      return target === undefined ? [] : [{ op, target, value: member }]
    })
  })
}

/** Names are compared without case (RFC 7643 §2.1). */
function targetOf(path: string): Target | undefined {
  const [, attribute, filter, part] = PATH.exec(withoutSchema(path)) ?? []
  return attribute === undefined
    ? undefined
    : { attribute: attribute.toLowerCase(), filter, part: part?.toLowerCase() }
}

function apply(patched: Patched, { op, target, value }: Operation): void {
  // A removed attribute is absent afterwards. Only `active` becomes null, since an absent one would count as true.
  const after = op === 'remove' ? undefined : (value ?? undefined)
  const { attribute, filter, part } = target
  const scalar = SCALARS.find((name) => name.toLowerCase() === attribute)
  if (attribute === 'emails' && !isOfType(filter, 'home')) return applyToAddress(patched, op, target, after)
  if (attribute === 'emails') return applyToOther(patched, 'home', part, after)
  if (attribute === 'phonenumbers') return applyToNumbers(patched, target, after)
  if (
    (scalar !== undefined && (filter ?? part) !== undefined) ||
    (attribute === 'name' && filter !== undefined)
  ) {
    throw new ScimException(400, 'invalidPath', `${scalar ?? attribute} does not have such parts.`)
  }
  if (scalar === 'userName' && after === undefined) throw immutable(scalar)
  if (scalar !== undefined) patched[scalar] = scalar === 'active' ? (after ?? null) : after
  if (attribute === 'name') patched.name = nameAfter(patched, part, after)
}

/** What is not said of a name stays, whether it is added to or replaced (RFC 7644 §3.5.2.3). */
function nameAfter({ name }: Patched, part: string | undefined, after: unknown): unknown {
  if (part === undefined && !isRecord(after)) return after
  const given = part === undefined ? Object.entries(after as object) : [[part, after] as const]
  const known = given.flatMap(([key, value]) => {
    const named = NAME_PARTS.find((each) => each.toLowerCase() === key.toLowerCase())
    return named === undefined ? [] : [[named, value] as const]
  })
  return { ...(isRecord(name) ? name : {}), ...Object.fromEntries(known) }
}

/** A user's address is the one for work, and primary. Beside it one for home is kept; what is said of any other is ignored. */
function applyToAddress(
  patched: Patched,
  op: Operation['op'],
  { filter, part }: Target,
  after: unknown,
): void {
  const [kept] = Array.isArray(patched.emails) ? (patched.emails as unknown[]) : []
  const address = isRecord(kept) && typeof kept['value'] === 'string' ? kept['value'] : ''
  if (filter !== undefined && !isAddressMeant(filter, address)) {
    if (op === 'replace')
      throw new ScimException(400, 'noTarget', 'No address of the user matches the filter of path.')
    return
  }
  if (filter === undefined && part === undefined) {
    patched.emails = addressesAfter(kept, op, after)
    const home = [after]
      .flat()
      .find((each) => isRecord(each) && isHome(each) && each !== (patched.emails as unknown[])[0])
    patched.home = home ?? (op === 'add' ? patched.home : undefined)
  } else if (part === undefined) patched.emails = objectAfter(kept, after)
  else if (part === 'value') patched.emails = after === undefined ? [] : [{ value: after }]
  else if (part === 'type' && after !== 'work') throw immutable('emails.type')
}

function isHome({ type }: Record<string, unknown>): boolean {
  return typeof type === 'string' && type.toLowerCase() === 'home'
}

/** Whether a filter of values means those of one type, as clients write it: `type eq "home"`. */
function isOfType(filter: string | undefined, type: string): boolean {
  return /^\s*type\s+eq\s+"(\w+)"\s*$/i.exec(filter ?? '')?.[1]?.toLowerCase() === type
}

/** A value that need not be there before: some clients replace what was never set (RFC 7644 §3.5.2.3). */
function applyToOther(
  patched: Patched,
  member: 'home' | 'phoneNumbers',
  part: string | undefined,
  after: unknown,
): void {
  if (part !== undefined && part !== 'value') return
  const type = member === 'home' ? 'home' : 'mobile'
  const value = isRecord(after) ? after['value'] : after
  const whole = value === undefined ? undefined : { value, type }
  patched[member] = member === 'home' || whole === undefined ? whole : [whole]
}

/** The one for mobile phones is kept, and others are ignored. */
function applyToNumbers(patched: Patched, { filter, part }: Target, after: unknown): void {
  if (isOfType(filter, 'mobile')) return applyToOther(patched, 'phoneNumbers', part, after)
  if (filter === undefined && part === undefined) patched.phoneNumbers = after
}

function objectAfter(kept: unknown, after: unknown): unknown[] {
  if (after === undefined) return []
  return isRecord(after) ? [{ ...(isRecord(kept) ? kept : {}), ...after }] : [after]
}

/** The address that is kept. One that is added takes the place of the one before only as a primary one. */
function addressesAfter(kept: unknown, op: Operation['op'], value: unknown): unknown[] {
  if (value === undefined) return []
  const given: unknown[] = [value].flat()
  const isPrimary = (each: unknown) =>
    isRecord(each) && [true, 'true', 'True'].includes(each['primary'] as string)
  // What is no address at all is left to be refused.
  const odd = given.find((each) => !isRecord(each))
  const before = op === 'add' && kept !== undefined ? [kept] : []
  const first = given.find((each) => isRecord(each) && !isHome(each)) ?? given[0]
  return [odd ?? given.find(isPrimary) ?? before[0] ?? first].filter((each) => each !== undefined)
}

function immutable(name: string): ScimException {
  return new ScimException(400, 'mutability', `${name} cannot be changed so.`)
}

function notAPatch(): ScimException {
  return new ScimException(400, 'invalidSyntax', 'The body is not a SCIM PatchOp.')
}
