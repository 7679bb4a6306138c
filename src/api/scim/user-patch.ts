import * as v from 'valibot'
import { isRecord } from '../../record.ts'
import { ScimException } from './errors.ts'
import { withoutSchema, type userResource } from './scim-user.ts'

const SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** RFC 7644 §3.5.2. Some clients write the operation with a capital. */
const patchSchema = v.object({
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

type Operation = { op: 'add' | 'replace' | 'remove'; path: string; value: unknown }

/** The user while a patch is applied. Its types are checked afterwards, like those of a whole user. */
type Patched = { name?: unknown; emails: unknown } & Record<Scalar, unknown>

const SCALARS = ['userName', 'active', 'externalId', 'displayName', 'preferredLanguage'] as const
type Scalar = (typeof SCALARS)[number]

/** Names are compared without case (RFC 7643 §2.1). */
const NAME_PATH = /^name\.(formatted|givenName|familyName)$/i
const NAME_PARTS = ['formatted', 'givenName', 'familyName']
/** A user has one address here, which is the one for work. What is said of any other is ignored. */
const ADDRESS_PATH = /^emails(?:\[ *(?:type +eq +"work"|primary +eq +(?:true|"true")) *\])?\.value$/i
const ADDRESS_OBJECT_PATH = /^emails\[ *(?:type +eq +"work"|primary +eq +(?:true|"true")) *\]$/i

/**
 * Applies the body of a PATCH to a user, attribute by attribute of those we keep; others are ignored,
 * as they are in a whole user.
 *
 * @returns the patched resource, to be read like one that a client sent.
 * @throws {ScimException} 400 `invalidSyntax` for what is not a patch.
 */
export function applyPatch(resource: ReturnType<typeof userResource>, body: unknown): unknown {
  const { userName, active, externalId, displayName, preferredLanguage, name, emails } = resource
  const patched = { userName, active, externalId, displayName, preferredLanguage, name, emails }
  for (const operation of readOperations(body)) apply(patched, operation)
  return patched
}

function readOperations(body: unknown): Operation[] {
  const result = v.safeParse(patchSchema, body)
  if (!result.success) throw notAPatch()
  return result.output.Operations.flatMap(({ op, path, value }): Operation[] => {
    if (typeof path === 'string' && path !== '') return [{ op, path: withoutSchema(path), value }]
    // Without a path, the value names the attributes.
    if (op === 'remove' || !isRecord(value)) throw notAPatch()
    return Object.entries(value).map(([name, member]) => ({
      op,
      path: withoutSchema(name),
      value: member,
    }))
  })
}

function apply(patched: Patched, { op, path, value }: Operation): void {
  // A removed attribute is absent afterwards. Only `active` becomes null, since an absent one would count as true.
  const after = op === 'remove' ? undefined : (value ?? undefined)
  const isPath = (name: string) => name.toLowerCase() === path.toLowerCase()
  const scalar = SCALARS.find(isPath)
  const [, named = ''] = NAME_PATH.exec(path) ?? []
  const part = NAME_PARTS.find((name) => name.toLowerCase() === named.toLowerCase())
  if (scalar !== undefined) patched[scalar] = scalar === 'active' ? (after ?? null) : after
  else if (part !== undefined) patched.name = { ...nameOf(patched), [part]: after }
  else if (isPath('name'))
    patched.name = op === 'add' && isRecord(after) ? { ...nameOf(patched), ...after } : after
  else if (isPath('emails')) patched.emails = addressesAfter(patched, op, after)
  else if (ADDRESS_PATH.test(path))
    patched.emails = after === undefined ? [] : [{ value: after, primary: true }]
  else if (ADDRESS_OBJECT_PATH.test(path))
    patched.emails = isRecord(after) ? [{ ...after, primary: true }] : []
}

/** The addresses after an operation. One that is added takes the place of the one that is kept only as a primary one. */
function addressesAfter({ emails }: Patched, op: Operation['op'], value: unknown): unknown[] {
  if (value === undefined) return []
  const given = [value].flat()
  const before = Array.isArray(emails) ? (emails as unknown[]) : []
  if (op !== 'add') return given
  const isPrimary = (each: unknown) =>
    isRecord(each) && [true, 'true', 'True'].includes(each['primary'] as string)
  const others = before.map((each) => (isRecord(each) ? { ...each, primary: false } : each))
  return given.some(isPrimary) ? [...given, ...others] : [...before, ...given]
}

function nameOf({ name }: Patched): object {
  return isRecord(name) ? name : {}
}

function notAPatch(): ScimException {
  return new ScimException(400, 'invalidSyntax', 'The body is not a SCIM PatchOp.')
}
