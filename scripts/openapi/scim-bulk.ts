import * as v from 'valibot'
import { named } from './json-schema.ts'
import { answer, scimBody, type Operations } from './operation.ts'
import { error } from './scim-schemas.ts'
import { open, text } from './shared-schemas.ts'

/** Many changes of users in one call (RFC 7644 §3.7). */

const request = named(
  'ScimBulkRequest',
  v.looseObject({
    schemas: v.pipe(
      v.array(v.string()),
      v.description('Holds urn:ietf:params:scim:api:messages:2.0:BulkRequest.'),
    ),
    failOnErrors: v.nullish(
      v.pipe(
        v.number(),
        v.integer(),
        v.minValue(1),
        v.description('How many may fail until the rest is not tried.'),
      ),
    ),
    Operations: v.pipe(
      v.array(v.unknown()),
      v.minLength(1),
      v.maxLength(1000),
      v.description(
        'Each has `method` (POST, PUT, PATCH or DELETE), `path` (`/Users`, `/Users/{id}` or `/Users/bulkId:{bulkId}`), ' +
          '`bulkId` (needed for POST), `version` and `data`. What is wrong with one is told in its own result.',
      ),
    ),
  }),
)

const response = named(
  'ScimBulkResponse',
  v.object({
    schemas: v.array(v.string()),
    Operations: v.array(
      v.object({
        method: open(['POST', 'PUT', 'PATCH', 'DELETE'], 'As it was sent, in upper case.'),
        bulkId: v.optional(v.string()),
        location: v.optional(text('Where the user is.')),
        version: v.optional(text('The entity tag of the user.', 'W/"1795687200000"')),
        status: text('The HTTP status that the operation would have had, as text.', '201'),
        response: v.optional(error),
      }),
    ),
  }),
)

const USER = 'https://reset.example.com/scim/v2/Users/0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59'

export const bulkOperations: Operations = {
  'POST /scim/v2/Bulk': {
    id: 'changeScimUsers',
    summary: 'Makes up to 1,000 changes of users, in the order given.',
    description: 'The body may have 1 MiB. It costs as many units of `limits.admin` as it has operations.',
    who: { permission: 'users:write', face: 'scim' },
    body: scimBody(request, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      failOnErrors: 1,
      Operations: [
        { method: 'POST', path: '/Users', bulkId: 'jane', data: { userName: 'jane.saoirse@example.com' } },
        { method: 'DELETE', path: '/Users/nobody' },
      ],
    }),
    answers: {
      200: answer('What became of each.', response, {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],
        Operations: [
          { method: 'POST', bulkId: 'jane', location: USER, version: 'W/"1795687200000"', status: '201' },
          {
            method: 'DELETE',
            location: 'https://reset.example.com/scim/v2/Users/nobody',
            status: '404',
            response: {
              schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
              status: '404',
              detail: 'There is no such user.',
            },
          },
        ],
      }),
      400: {
        bulk: 'The body is not a BulkRequest: schemas must hold urn:ietf:params:scim:api:messages:2.0:BulkRequest, and Operations a list.',
        none: 'Operations must not be empty.',
        failOnErrors: 'failOnErrors must be a whole number above 0.',
      },
      413: { operations: 'The bulk request has 1001 operations, and may have 1000.' },
    },
  },
}
