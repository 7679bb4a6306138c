import * as v from 'valibot'
import { scimErrors } from '../../src/api/scim/errors.ts'
import {
  answer,
  scimBody,
  type Answer,
  type Dialect,
  type Operations,
  type Parameter,
  type Who,
} from './operation.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { BAD_KEY, IDEMPOTENT, idempotencyKey } from './idempotency.ts'
import { bulkOperations } from './scim-bulk.ts'
import * as example from './scim-examples.ts'
import {
  error,
  patchRequest,
  providerConfig,
  resourceType,
  resourceTypeList,
  schema,
  schemaList,
  searchRequest,
  user,
  userList,
  userRequest,
} from './scim-schemas.ts'

/** The directory: SCIM 2.0. */

const may = (permission: Extract<Who, object>['permission']): Who => ({ permission, face: 'scim' })

const parameter = (name: string, description: string, sample?: unknown): Parameter => ({
  name,
  description,
  schema: v.string(),
  ...(sample !== undefined && { example: sample }),
})

const attributes = parameter(
  'attributes',
  'The only attributes that the answer is to have, with commas between.',
)
const excluded = parameter('excludedAttributes', 'Attributes that the answer is not to have.')
const ifMatch = parameter('If-Match', 'Changes this version of the user alone, else 412.')

const VERSION: Partial<Answer> = { headers: ['ETag'] }
const NOBODY = { 404: 'There is no such user.' }
const TAKEN = {
  409: {
    taken: 'Another user has this userName or this e-mail address.',
  },
}
const BAD_USER = {
  userName: 'userName is required.',
  emails: 'emails must hold one valid e-mail address.',
  language: 'preferredLanguage must be a language tag such as en or en-US.',
}
const BAD_QUERY = {
  filter: 'Filter by eq, and by id, externalId, userName or emails.value: userName eq "...".',
  count: 'count must be a whole number.',
}
const CHANGED = { 412: 'The user has changed meanwhile. Read them again.' }

const users: Operations = {
  'GET /scim/v2/Users': {
    id: 'findScimUsers',
    summary: 'Finds users.',
    who: may('users:read'),
    query: [
      parameter(
        'filter',
        'A filter of RFC 7644 §3.4.2.2; all users without it. What no index serves costs 25 units.',
        'userName eq "jane.saoirse@example.com"',
      ),
      parameter('sortBy', 'The attribute that users are sorted by; their id without it.'),
      parameter('sortOrder', '`ascending` or `descending`.'),
      parameter(
        'cursor',
        'Empty for the first page, then `nextCursor` of the one before (RFC 9865); instead of `startIndex`.',
      ),
      parameter('startIndex', 'The first of them, from 1; less is 1.', '1'),
      parameter('count', 'How many, up to 100, which is the default.', '10'),
      attributes,
      excluded,
    ],
    answers: {
      200: answer('A page of users, in the order of their ids.', userList, example.listOf(example.USER)),
      400: BAD_QUERY,
    },
  },
  'GET /scim/v2/Users/:id': {
    id: 'getScimUser',
    summary: 'One user.',
    who: may('users:read'),
    query: [attributes, excluded],
    headers: [parameter('If-None-Match', 'The version that the client has: 304 while nothing has changed.')],
    answers: {
      200: answer('The user.', user, example.USER, VERSION),
      304: { what: 'The user is as the client has them.', headers: ['ETag'] },
      ...NOBODY,
    },
  },
  'POST /scim/v2/Users': {
    id: 'createScimUser',
    summary: 'Adds a user.',
    who: may('users:write'),
    query: [attributes, excluded],
    headers: [idempotencyKey],
    body: scimBody(userRequest, example.USER_REQUEST),
    answers: {
      201: answer('The user.', user, example.USER, {
        headers: ['ETag', 'Location', 'Idempotency-Replayed'],
      }),
      400: { ...BAD_USER, ...BAD_KEY },
      422: IDEMPOTENT[422],
      ...TAKEN,
    },
  },
  'PUT /scim/v2/Users/:id': {
    id: 'replaceScimUser',
    summary: 'Replaces a user.',
    description: 'What the body does not name is dropped; only `active` stays as it is.',
    who: may('users:write'),
    query: [attributes, excluded],
    headers: [ifMatch],
    body: scimBody(userRequest, example.USER_REQUEST),
    answers: {
      200: answer('The user.', user, example.USER, VERSION),
      400: BAD_USER,
      ...NOBODY,
      ...TAKEN,
      ...CHANGED,
    },
  },
  'PATCH /scim/v2/Users/:id': {
    id: 'patchScimUser',
    summary: 'Changes a user.',
    who: may('users:write'),
    query: [attributes, excluded],
    headers: [ifMatch],
    body: scimBody(patchRequest, example.PATCH),
    answers: {
      200: answer('The user.', user, example.USER, VERSION),
      400: { ...BAD_USER, patch: 'The body is not a SCIM PatchOp.' },
      ...NOBODY,
      ...TAKEN,
      ...CHANGED,
    },
  },
  'DELETE /scim/v2/Users/:id': {
    id: 'deleteScimUser',
    summary: 'Removes a user and their codes.',
    who: may('users:deprovision'),
    headers: [ifMatch],
    answers: { 204: { what: 'The user is gone.' }, ...NOBODY, ...CHANGED },
  },
  'POST /scim/v2/Users/.search': {
    id: 'searchScimUsers',
    summary: 'Finds users, by a body.',
    who: may('users:read'),
    body: scimBody(searchRequest, example.SEARCH),
    answers: {
      200: answer('A page of users, in the order of their ids.', userList, example.listOf(example.USER)),
      400: {
        ...BAD_QUERY,
        search:
          'The body is not a SearchRequest: schemas must hold urn:ietf:params:scim:api:messages:2.0:SearchRequest.',
      },
    },
  },
}

const discovery: Operations = {
  'GET /scim/v2/ServiceProviderConfig': {
    id: 'getScimServiceProviderConfig',
    summary: 'What this directory supports.',
    who: may('users:read'),
    answers: { 200: answer('What it supports.', providerConfig, example.PROVIDER_CONFIG) },
  },
  'GET /scim/v2/ResourceTypes': {
    id: 'listScimResourceTypes',
    summary: 'What there is in it: users.',
    who: may('users:read'),
    answers: {
      200: answer('The types.', resourceTypeList, example.listOf(example.RESOURCE_TYPE)),
      403: 'There is no filter here: all that there is, is shown.',
    },
  },
  'GET /scim/v2/ResourceTypes/:name': {
    id: 'getScimResourceType',
    summary: 'One of these.',
    who: may('users:read'),
    answers: {
      200: answer('The type.', resourceType, example.RESOURCE_TYPE),
      404: 'There is one resource type: User.',
    },
  },
  'GET /scim/v2/Schemas': {
    id: 'listScimSchemas',
    summary: 'Which attributes are kept.',
    who: may('users:read'),
    answers: {
      200: answer('The schemas.', schemaList, example.listOf(example.USER_SCHEMA)),
      403: 'There is no filter here: all that there is, is shown.',
    },
  },
  'GET /scim/v2/Schemas/:id': {
    id: 'getScimSchema',
    summary: 'One of these.',
    who: may('users:read'),
    answers: {
      200: answer('The schema.', schema, example.USER_SCHEMA),
      404: 'There is one schema: urn:ietf:params:scim:schemas:core:2.0:User.',
    },
  },
}

export const scimDialect: Dialect = {
  tag: 'Directory',
  description: 'SCIM 2.0 (RFC 7643, RFC 7644): the users of a tenant, for identity providers.',
  operations: { ...users, ...bulkOperations, ...discovery },
  mediaType: 'application/scim+json',
  errorType: scimErrors.mediaType,
  headers: ['RateLimit', 'RateLimit-Policy'],
  refusal: (status, message, path) => ({
    schema: error,
    body: scimErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
  common: () => ({
    429: { key: 'Too many requests. Try again in 7 seconds.' },
    500: OUR_FAULT,
    503: STORE_FAULT,
  }),
}
