import { patchBodyValidation, scimPatch, ScimError, type ScimPatch, type ScimResource } from 'scim-patch'
import { ScimException } from './scim-errors.ts'
import type { userResource } from './scim-user.ts'

/**
 * What a patch may name; everything else is ignored, as it is in a whole user. The library walks any
 * path it is given: also to the prototype that all objects of the isolate share, of whatever tenant,
 * or to the length of a list.
 */
const KNOWN_PATHS = [
  /^(?:userName|active|externalId|displayName|preferredLanguage)$/,
  /^name(?:\.(?:formatted|givenName|familyName))?$/,
  /^emails(?:\[(?:type|value|primary) eq (?:"[^":\]]*"|true|false)\])?(?:\.(?:value|type|primary))?$/,
]
const CORE_SCHEMA = /^urn:ietf:params:scim:schemas:core:2\.0:User:/
const KNOWN_MEMBER = /^(?:formatted|givenName|familyName|value|type|primary)$/

/** An entry of `emails`, in a value without a path, is the deepest there is. */
const VALUE_DEPTH_MAX = 3

/**
 * Applies the body of a PATCH (RFC 7644 §3.5.2) to a user.
 *
 * @returns the patched resource, to be read like one that a client sent.
 * @throws {ScimException} 400 `invalidSyntax` for what is not a patch.
 */
export function applyPatch(resource: ReturnType<typeof userResource>, body: unknown): unknown {
  try {
    const patch = body as ScimPatch
    patchBodyValidation(patch)
    const operations = patch.Operations.filter(({ path }) => !path || isKnown(path)).map((operation) =>
      'value' in operation ? { ...operation, value: knownMembers(operation.value) } : operation,
    )
    const patched = scimPatch(resource as unknown as ScimResource & { active?: unknown }, operations, {
      mutateDocument: false,
    })
    // A new user is active by default; one who was disabled is not, when a patch takes the attribute away.
    return { ...patched, active: patched.active ?? null }
  } catch (error) {
    // The library refuses what is malformed with a ScimError, and trips over what it does not expect.
    const detail = error instanceof ScimError ? `: ${error.message}` : ''
    throw new ScimException(400, 'invalidSyntax', `The body is not a SCIM PatchOp${detail}.`)
  }
}

/** A value without the members that nothing is taken of: the library reads their names as paths. */
function knownMembers(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === VALUE_DEPTH_MAX) throw new Error('the value of a patch is nested too deeply')
  if (Array.isArray(value)) return value.map((each) => knownMembers(each, depth + 1))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => isKnown(name) || KNOWN_MEMBER.test(name))
      .map(([name, member]) => [name, knownMembers(member, depth + 1)]),
  )
}

function isKnown(path: string): boolean {
  const name = path.replace(CORE_SCHEMA, '')
  return KNOWN_PATHS.some((pattern) => pattern.test(name))
}
