/** What the directory answers. */

const LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'
const ORIGIN = 'https://reset.example.com'
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'

export const USER = {
  schemas: [SCHEMA],
  id: '0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59',
  userName: 'jane.saoirse@example.com',
  name: { givenName: 'Jane', familyName: 'Saoirse' },
  emails: [{ value: 'jane.saoirse@example.com', type: 'work', primary: true }],
  active: true,
  meta: {
    resourceType: 'User',
    created: '2026-11-26T10:00:00.000Z',
    lastModified: '2026-11-26T10:00:00.000Z',
    location: `${ORIGIN}/scim/v2/Users/0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59`,
    version: 'W/"1795687200000"',
  },
}

export const USER_REQUEST = {
  schemas: [SCHEMA],
  userName: 'jane.saoirse@example.com',
  name: { givenName: 'Jane', familyName: 'Saoirse' },
  emails: [{ value: 'jane.saoirse@example.com', type: 'work', primary: true }],
  active: true,
}

export const PATCH = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'active', value: false }],
}

export const SEARCH = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
  filter: 'userName eq "jane.saoirse@example.com"',
  startIndex: 1,
  count: 10,
}

/** A list of one. */
export const listOf = (resource: object) => ({
  schemas: [LIST],
  totalResults: 1,
  startIndex: 1,
  itemsPerPage: 1,
  Resources: [resource],
})

export const PROVIDER_CONFIG = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 1_048_576 },
  filter: { supported: true, maxResults: 100 },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  pagination: {
    cursor: true,
    index: true,
    defaultPaginationMethod: 'index',
    defaultPageSize: 100,
    maxPageSize: 100,
    cursorTimeout: 3600,
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
  meta: { resourceType: 'ServiceProviderConfig', location: `${ORIGIN}/scim/v2/ServiceProviderConfig` },
}

export const RESOURCE_TYPE = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
  id: 'User',
  name: 'User',
  endpoint: '/Users',
  description: 'A user who may reset their password.',
  schema: SCHEMA,
  meta: { resourceType: 'ResourceType', location: `${ORIGIN}/scim/v2/ResourceTypes/User` },
}

export const USER_SCHEMA = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
  id: SCHEMA,
  name: 'User',
  description: 'A user who may reset their password.',
  attributes: [
    {
      name: 'userName',
      type: 'string',
      multiValued: false,
      description: 'What the user signs in with.',
      required: true,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'server',
    },
  ],
  meta: { resourceType: 'Schema', location: `${ORIGIN}/scim/v2/Schemas/${SCHEMA}` },
}
