import * as v from 'valibot'
import { canonicalEmailAddress, lowerCaseAscii } from '../../codes/email-address.ts'
import { problemOf } from '../../invalid-member.ts'
import { ScimException } from './errors.ts'
import type { User } from '../../users/user-store.ts'

const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'

const shortText = v.pipe(v.string('must be a string'), v.maxLength(255, 'must be 255 characters at most'))

const attributesSchema = v.object({
  externalId: v.nullish(shortText),
  displayName: v.nullish(shortText),
  preferredLanguage: v.nullish(shortText),
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

/** What is taken of a SCIM user (RFC 7643 §4.1). Other attributes are ignored, as §2.2 of RFC 7644 allows. */
const resourceSchema = v.object(
  {
    userName: v.pipe(shortText, v.nonEmpty('must not be empty')),
    emails: v.optional(
      v.array(
        v.object({ value: shortText, primary: v.optional(v.boolean('must be a boolean')) }),
        'must be a list',
      ),
      [],
    ),
    active: v.optional(v.union([v.boolean(), booleanText], 'must be a boolean'), true),
    ...attributesSchema.entries,
  },
  'must be a SCIM user',
)

/** A user as a client may state it: what makes two spellings of it one is worked out here. */
export type UserStatement = Omit<User, 'id' | 'createdAt' | 'updatedAt'>

/**
 * Reads a SCIM user. Its address is the primary one, else the first, else the user name.
 *
 * @throws {ScimException} 400 `invalidValue` naming the attribute.
 */
export function readUser(input: unknown): UserStatement {
  const result = v.safeParse(resourceSchema, input)
  if (!result.success) {
    const [issue] = result.issues
    throw new ScimException(400, 'invalidValue', `${v.getDotPath(issue) ?? 'The body'} ${problemOf(issue)}.`)
  }
  const { userName, emails, active, ...attributes } = result.output
  const email = (emails.find(({ primary }) => primary) ?? emails[0])?.value ?? userName
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
    attributes: JSON.stringify(attributes),
  }
}

/** User names are compared without case (RFC 7643 §4.1.1): for ASCII letters, so that no look-alike matches. */
export function userNameKey(userName: string): string {
  return lowerCaseAscii(userName)
}

/** The SCIM resource of a user. */
export function userResource(user: User, baseUrl: string) {
  const { id, email, userName, status, attributes, createdAt, updatedAt } = user
  return {
    schemas: [USER_SCHEMA],
    id,
    userName,
    ...(JSON.parse(attributes) as v.InferOutput<typeof attributesSchema>),
    emails: [{ value: email, primary: true }],
    active: status === 'enabled',
    meta: {
      resourceType: 'User',
      created: new Date(createdAt).toISOString(),
      lastModified: new Date(updatedAt).toISOString(),
      location: `${baseUrl}/scim/v2/Users/${id}`,
    },
  }
}
