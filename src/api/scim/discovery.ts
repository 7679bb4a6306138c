import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { BULK_BYTES_MAX, BULK_OPERATIONS_MAX } from './bulk-request.ts'
import { CURSOR_TIMEOUT_S } from './cursor.ts'
import { PAGE_SIZE_MAX } from './find-users.ts'
import { scim } from './resource.ts'
import { USER_SCHEMA } from './scim-user.ts'

/** What a client may find out about the directory (RFC 7644 §4, RFC 7643 §5 to §7). */

/** `GET /scim/v2/ServiceProviderConfig` */
export function serviceProviderConfig(c: Context<AdminEnv>): Response {
  return scim(c, {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: BULK_OPERATIONS_MAX, maxPayloadSize: BULK_BYTES_MAX },
    filter: { supported: true, maxResults: PAGE_SIZE_MAX },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    // RFC 9865 §4.
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: PAGE_SIZE_MAX,
      maxPageSize: PAGE_SIZE_MAX,
      cursorTimeout: CURSOR_TIMEOUT_S,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A SCIM token, an access token of an OAuth client, or a token of an API key.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: metaOf(c, 'ServiceProviderConfig', 'ServiceProviderConfig'),
  })
}

/** `GET /scim/v2/ResourceTypes` */
export function resourceTypes(c: Context<AdminEnv>): Response {
  return listed(c, [userType(c)])
}

/** `GET /scim/v2/ResourceTypes/{name}` */
export function resourceType(c: Context<AdminEnv>): Response {
  if (c.req.param('name') === 'User') return scim(c, userType(c))
  throw new HTTPException(404, { message: 'There is one resource type: User.' })
}

/** `GET /scim/v2/Schemas` */
export function schemas(c: Context<AdminEnv>): Response {
  return listed(c, [userSchema(c)])
}

/** `GET /scim/v2/Schemas/{id}` */
export function schema(c: Context<AdminEnv>): Response {
  if (c.req.param('id') === USER_SCHEMA) return scim(c, userSchema(c))
  throw new HTTPException(404, { message: `There is one schema: ${USER_SCHEMA}.` })
}

/** @throws {HTTPException} 403 for a filter, lest a client take all for what it has filtered (RFC 7644 §4). */
function listed(c: Context<AdminEnv>, resources: object[]): Response {
  if (c.req.query('filter') !== undefined) {
    throw new HTTPException(403, { message: 'There is no filter here: all that there is, is shown.' })
  }
  return scim(c, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: resources.length,
    startIndex: 1,
    itemsPerPage: resources.length,
    Resources: resources,
  })
}

function userType(c: Context<AdminEnv>) {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: 'User',
    name: 'User',
    endpoint: '/Users',
    description: 'A user who may reset their password.',
    schema: USER_SCHEMA,
    meta: metaOf(c, 'ResourceType', 'ResourceTypes/User'),
  }
}

/** The attributes of a user that are kept, and no others. */
function userSchema(c: Context<AdminEnv>) {
  const names = ['formatted', 'givenName', 'familyName']
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id: USER_SCHEMA,
    name: 'User',
    description: 'A user who may reset their password.',
    attributes: [
      attribute('userName', 'What the user signs in with.', { required: true, uniqueness: 'server' }),
      attribute('externalId', 'What the client calls the user.', { caseExact: true }),
      attribute('displayName', 'How the user is shown.'),
      attribute('preferredLanguage', 'The languages of mails, as in Accept-Language.'),
      attribute('active', 'Whether the user may reset their password.', { type: 'boolean' }),
      {
        ...attribute('name', 'The parts of the name.', { type: 'complex' }),
        subAttributes: names.map((name) => attribute(name, `The ${name}.`)),
      },
      {
        ...attribute('emails', 'The address that codes go to, and one for home, where none goes.', {
          type: 'complex',
          multiValued: true,
        }),
        subAttributes: [
          attribute('value', 'The address.', { uniqueness: 'server' }),
          attribute('type', 'work or home; others are ignored.', { canonicalValues: ['work', 'home'] }),
          attribute('primary', 'Whether it is the one that codes go to.', { type: 'boolean' }),
        ],
      },
      {
        ...attribute('phoneNumbers', 'A mobile number, by which a caller can be verified.', {
          type: 'complex',
          multiValued: true,
        }),
        subAttributes: [
          attribute('value', 'The number.'),
          attribute('type', 'mobile; others are ignored.', { canonicalValues: ['mobile'] }),
        ],
      },
    ],
    meta: metaOf(c, 'Schema', `Schemas/${USER_SCHEMA}`),
  }
}

/** An attribute's characteristics (RFC 7643 §2.2), the defaults but for those named. */
function attribute(name: string, description: string, characteristics: object = {}) {
  return {
    name,
    type: 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...characteristics,
  }
}

function metaOf(c: Context<AdminEnv>, resourceType: string, path: string) {
  return { resourceType, location: `${config(c.env).baseUrl}/scim/v2/${path}` }
}
