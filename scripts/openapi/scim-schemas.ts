import * as v from 'valibot'
import { resourceSchema } from '../../src/api/scim/scim-user.ts'
import { patchSchema } from '../../src/api/scim/user-patch.ts'
import { named } from './json-schema.ts'
import { instant, open, text } from './shared-schemas.ts'

/** Bodies of the directory. */

const anyCase = 'Other attributes are ignored (RFC 7644 §2.2).'

export const userRequest = named('ScimUserRequest', v.pipe(resourceSchema, v.description(anyCase)))

export const patchRequest = named(
  'ScimPatch',
  v.pipe(
    patchSchema,
    v.description('RFC 7644 §3.5.2: `op` is add, replace or remove, in any case; names are in any case too.'),
  ),
)

const oneOrMany = v.union([v.string(), v.array(v.string())])
const countText = v.union([v.string(), v.number()])

export const searchRequest = named(
  'ScimSearch',
  v.looseObject({
    schemas: v.pipe(
      v.array(v.string()),
      v.description('Holds urn:ietf:params:scim:api:messages:2.0:SearchRequest.'),
    ),
    filter: v.nullish(v.string()),
    startIndex: v.nullish(countText),
    count: v.nullish(countText),
    cursor: v.nullish(v.string()),
    sortBy: v.nullish(v.string()),
    sortOrder: v.nullish(v.string()),
    attributes: v.nullish(oneOrMany),
    excludedAttributes: v.nullish(oneOrMany),
  }),
)

const userMeta = v.object({
  resourceType: v.literal('User'),
  created: instant,
  lastModified: instant,
  location: v.string(),
  version: text('The entity tag of the user.', 'W/"1795689600000"'),
})

const name = v.object({
  formatted: v.nullish(v.string()),
  givenName: v.nullish(v.string()),
  familyName: v.nullish(v.string()),
})

/** Everything but `id` and `schemas`, and every part of it, may be left out by `attributes` and `excludedAttributes`. */
export const user = named(
  'ScimUser',
  v.object({
    schemas: v.array(v.string()),
    id: v.string(),
    userName: v.optional(v.string()),
    externalId: v.nullish(v.string()),
    displayName: v.nullish(v.string()),
    preferredLanguage: v.nullish(text('Languages as in Accept-Language.', 'en')),
    name: v.nullish(name),
    emails: v.optional(
      v.array(
        v.partial(v.object({ value: v.string(), type: v.picklist(['work', 'home']), primary: v.boolean() })),
      ),
    ),
    phoneNumbers: v.optional(v.array(v.partial(v.object({ value: v.string(), type: v.literal('mobile') })))),
    active: v.optional(v.boolean()),
    meta: v.optional(v.partial(userMeta)),
  }),
)

const count = v.pipe(v.number(), v.integer(), v.minValue(0))

const startIndex = v.pipe(v.number(), v.integer(), v.minValue(1))

const listOf = (resource: v.GenericSchema, paging: v.ObjectEntries = {}) =>
  v.object({
    schemas: v.array(v.string()),
    totalResults: count,
    startIndex,
    ...paging,
    itemsPerPage: count,
    Resources: v.array(resource),
  })

export const userList = named(
  'ScimUserList',
  listOf(user, {
    startIndex: v.optional(v.pipe(startIndex, v.description('Not by cursors.'))),
    nextCursor: v.optional(text('The `cursor` of the next page, where there is one.')),
  }),
)

const meta = v.object({ resourceType: v.string(), location: v.string() })
const supported = v.object({ supported: v.boolean() })

export const providerConfig = named(
  'ScimServiceProviderConfig',
  v.object({
    schemas: v.array(v.string()),
    patch: supported,
    bulk: v.object({ supported: v.boolean(), maxOperations: count, maxPayloadSize: count }),
    filter: v.object({ supported: v.boolean(), maxResults: count }),
    changePassword: supported,
    sort: supported,
    etag: supported,
    pagination: v.object({
      cursor: v.boolean(),
      index: v.boolean(),
      defaultPaginationMethod: open(['index', 'cursor'], 'Of RFC 9865 §4.'),
      defaultPageSize: count,
      maxPageSize: count,
      cursorTimeout: v.pipe(count, v.description('Seconds.')),
    }),
    authenticationSchemes: v.array(
      v.object({
        type: v.string(),
        name: v.string(),
        description: v.string(),
        specUri: v.string(),
        primary: v.boolean(),
      }),
    ),
    meta,
  }),
)

export const resourceType = named(
  'ScimResourceType',
  v.object({
    schemas: v.array(v.string()),
    id: v.string(),
    name: v.string(),
    endpoint: v.string(),
    description: v.string(),
    schema: v.string(),
    meta,
  }),
)
export const resourceTypeList = listOf(resourceType)

const characteristics = {
  name: v.string(),
  type: open(['string', 'boolean', 'complex'], 'Of RFC 7643 §2.3.'),
  multiValued: v.boolean(),
  description: v.string(),
  required: v.boolean(),
  caseExact: v.boolean(),
  mutability: open(['readWrite', 'readOnly'], 'Of RFC 7643 §2.2.'),
  returned: open(['default'], 'Of RFC 7643 §2.2.'),
  uniqueness: open(['none', 'server'], 'Of RFC 7643 §2.2.'),
}
const subAttribute = v.object({ ...characteristics, canonicalValues: v.optional(v.array(v.string())) })

export const schema = named(
  'ScimSchema',
  v.object({
    schemas: v.array(v.string()),
    id: v.string(),
    name: v.string(),
    description: v.string(),
    attributes: v.array(v.object({ ...characteristics, subAttributes: v.optional(v.array(subAttribute)) })),
    meta,
  }),
)
export const schemaList = listOf(schema)

export const error = named(
  'ScimError',
  v.object({
    schemas: v.array(v.string()),
    status: text('The HTTP status, as text.', '404'),
    scimType: v.optional(
      open(
        [
          'invalidFilter',
          'invalidSyntax',
          'invalidPath',
          'invalidValue',
          'mutability',
          'uniqueness',
          'tooMany',
          'noTarget',
          'invalidCursor',
          'expiredCursor',
          'invalidCount',
        ],
        'A keyword of RFC 7644 §3.12 or RFC 9865 §2.',
      ),
    ),
    detail: v.string(),
  }),
)
