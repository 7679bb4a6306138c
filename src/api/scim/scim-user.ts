import * as v from 'valibot'
import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { lowerCaseAscii } from '../../domain-name.ts'
import { problemOf } from '../../invalid-member.ts'
import { isRecord, ownMember } from '../../record.ts'
import { ScimException } from './errors.ts'
import type { User } from '../../users/user-store.ts'

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'

/** The name of an attribute of a user without its schema, before which some clients write it. */
export function withoutSchema(name: string): string {
  return name.replace(CORE_SCHEMA, '')
}
const CORE_SCHEMA = /^urn:ietf:params:scim:schemas:core:2\.0:User:/i

/** One line of text: a control character could end a header of a mail, or hide what stands behind it. */
const shortText = v.pipe(
  v.string('must be a string'),
  v.maxLength(255, 'must be 255 characters at most'),
  v.regex(/^\P{Cc}*$/u, 'must hold no control characters'),
  // Half of a character, which no UTF-8 can say: the database would keep it as another one.
  v.check((text) => text.isWellFormed(), 'must be Unicode text'),
)

/** A language range (RFC 4647 §2.1) and its weight. Some clients write the locale `en_US` for `en-US`. */
const LANGUAGE = /^(?:\*|[a-z]{1,8}(?:[-_][a-z\d]{1,8})*)(?: *; *q=[01](?:\.\d{0,3})?)?$/i

/** One language or several, written as in Accept-Language (RFC 7643 §4.1.1); empty for none. */
const languages = v.pipe(
  shortText,
  v.check(
    (text) => text === '' || text.split(',').every((range) => LANGUAGE.test(range.trim())),
    'must be a language tag such as en or en-US',
  ),
)

/** Whether this is a value of that type, as clients write it in whatever case. */
const isOfType = (each: { type?: string | null | undefined }, type: string) =>
  lowerCaseAscii(each.type ?? '') === type

const attributesSchema = v.object({
  externalId: v.nullish(shortText),
  displayName: v.nullish(shortText),
  preferredLanguage: v.nullish(languages),
  name: v.nullish(
    v.object({
      formatted: v.nullish(shortText),
      givenName: v.nullish(shortText),
      familyName: v.nullish(shortText),
    }),
  ),
})

/** Some clients patch `active` with the text "False". */
const booleanText = v.pipe(
  v.picklist(['true', 'false', 'True', 'False']),
  v.transform((text) => text.toLowerCase() === 'true'),
)

/** The attributes of a SCIM user (RFC 7643 §4.1) that are kept. Others are ignored, as RFC 7644 §2.2 allows. */
export const resourceSchema = v.object(
  {
    userName: v.pipe(shortText, v.nonEmpty('must not be empty')),
    emails: v.nullish(
      v.array(
        v.object({
          value: shortText,
          type: v.nullish(v.string()),
          primary: v.optional(v.union([v.boolean(), booleanText], 'must be a boolean')),
        }),
        'must be a list',
      ),
      [],
    ),
    phoneNumbers: v.nullish(
      v.array(v.object({ value: v.nullish(shortText), type: v.nullish(v.string()) }), 'must be a list'),
    ),
    active: v.optional(v.union([v.boolean(), booleanText], 'must be a boolean'), true),
    ...attributesSchema.entries,
  },
  'must be a SCIM user',
)

/** The names of what is kept, by their lower case. */
const NAMES = new Map(
  (
    'userName emails active externalId displayName preferredLanguage name ' +
    'formatted givenName familyName value primary type'
  )
    .split(' ')
    .map((name) => [name.toLowerCase(), name]),
)
/** A user, a list of addresses, one of them, and what it has. */
const NAMES_DEPTH_MAX = 4

/**
 * What a client states, by the names that are used here: it may write them in any case (RFC 7643 §2.1).
 *
 * @throws {ScimException} 400 `invalidSyntax` where two names are one.
 */
export function renamed(stated: unknown, depth = 1): unknown {
  if (depth > NAMES_DEPTH_MAX) return stated
  if (Array.isArray(stated)) return stated.map((each: unknown) => renamed(each, depth + 1))
  if (!isRecord(stated)) return stated
  const members = Object.entries(stated).map(
    ([name, value]) => [NAMES.get(name.toLowerCase()) ?? name, renamed(value, depth + 1)] as const,
  )
  const result = Object.fromEntries(members)
  if (Object.keys(result).length === members.length) return result
  throw new ScimException(400, 'invalidSyntax', 'The body names an attribute twice.')
}

/** A user as a client states it, with the canonical forms of its names. */
export type UserStatement = Omit<User, 'id' | 'createdAt' | 'updatedAt' | 'highRiskAt' | 'frozenUntil'>

/**
 * Reads a SCIM user. Its address is the primary one, else the first that is not for home, else the user name. Another one
 * for home and a mobile number are kept beside it: no code for the account goes there.
 *
 * @param stored the resource that was patched. An attribute that the patch leaves as it was may be what would be
 *   refused today, so that whoever was stored before can still be disabled.
 * @throws {ScimException} 400 `invalidValue` naming the attribute.
 */
export function readUser(given: unknown, stored: object = {}): UserStatement {
  const input = renamed(given)
  const result = v.safeParse(resourceSchema, input)
  if (!result.typed) throw invalid(result.issues[0])
  const changed = result.issues?.find((issue) => attributeOf(input, issue) !== attributeOf(stored, issue))
  if (changed !== undefined) throw invalid(changed)
  const { userName, emails, phoneNumbers, active, ...attributes } = result.output
  const address =
    emails.find(({ primary }) => primary) ?? emails.find((each) => !isOfType(each, 'home')) ?? emails[0]
  const email = address?.value ?? userName
  const homeEmail = emails.find((each) => each !== address && isOfType(each, 'home'))?.value
  const mobileNumber = phoneNumbers?.find((each) => isOfType(each, 'mobile'))?.value
  const emailKey = canonicalEmailAddress(email)
  if (emailKey === undefined) {
    throw new ScimException(400, 'invalidValue', 'emails must hold one valid e-mail address.')
  }
  return {
    email: email.trim(),
    emailKey,
    userName,
    userNameKey: userNameKey(userName),
    status: active ? 'enabled' : 'disabled',
    attributes: JSON.stringify({ ...attributes, ...second({ homeEmail, mobileNumber }) }),
  }
}

function invalid(issue: v.BaseIssue<unknown>): ScimException {
  return new ScimException(400, 'invalidValue', `${v.getDotPath(issue) ?? 'The body'} ${problemOf(issue)}.`)
}

/** The attribute of the resource, as a whole, that the issue is about. */
function attributeOf(resource: unknown, { path }: v.BaseIssue<unknown>): unknown {
  return isRecord(resource) ? ownMember(resource, String(path?.[0].key)) : undefined
}

/** User names are compared without case (RFC 7643 §4.1.1): for ASCII letters, so that no look-alike matches. */
export function userNameKey(userName: string): string {
  return lowerCaseAscii(userName)
}

/** The version of a user (RFC 7644 §3.14), as an entity tag. */
export function versionOf(updatedAt: number): string {
  return `W/"${updatedAt}"`
}

/** Where a user can be reached beside their address, as it is stored: what there is nothing of is left out. */
type Second = { homeEmail?: string | null | undefined; mobileNumber?: string | null | undefined }

function second({ homeEmail, mobileNumber }: Second): Second {
  return { ...(homeEmail && { homeEmail }), ...(mobileNumber && { mobileNumber }) }
}

/** The SCIM resource of a user. */
export function userResource(user: User, baseUrl: string) {
  const { id, email, userName, status, createdAt, updatedAt } = user
  const { homeEmail, mobileNumber, ...attributes } = JSON.parse(user.attributes) as Second &
    v.InferOutput<typeof attributesSchema>
  const work = { value: email, type: 'work', primary: true }
  return {
    schemas: [USER_SCHEMA],
    id,
    userName,
    ...attributes,
    emails: homeEmail ? [work, { value: homeEmail, type: 'home', primary: false }] : [work],
    ...(mobileNumber && { phoneNumbers: [{ value: mobileNumber, type: 'mobile' }] }),
    active: status === 'enabled',
    meta: {
      resourceType: 'User',
      created: new Date(createdAt).toISOString(),
      lastModified: new Date(updatedAt).toISOString(),
      location: `${baseUrl}/scim/v2/Users/${id}`,
      version: versionOf(updatedAt),
    },
  }
}
