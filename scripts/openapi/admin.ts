import * as v from 'valibot'
import { adminErrors } from '../../src/api/admin/errors.ts'
import { codes } from './admin-codes.ts'
import { desk } from './admin-desk.ts'
import { codeStates } from './admin-code-states.ts'
import { NOW } from './admin-examples.ts'
import { logs } from './admin-logs.ts'
import { users } from './admin-users.ts'
import { verifications } from './admin-verify.ts'
import { named } from './json-schema.ts'
import type { Dialect } from './operation.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { adminVoids } from './void-many.ts'

/** The admin API: RSA ID Plus Cloud Administration. */

const requestError = named(
  'AdminError',
  v.pipe(
    v.object({ code: v.string(), description: v.string() }),
    v.description('A request that was wrong in itself.'),
  ),
)
const springError = named(
  'SpringError',
  v.pipe(
    v.object({
      timestamp: v.pipe(v.number(), v.integer(), v.description('Epoch ms.')),
      status: v.pipe(v.number(), v.integer()),
      error: v.string(),
      message: v.string(),
      path: v.string(),
    }),
    v.description('Any other refusal.'),
  ),
)

export const adminDialect: Dialect = {
  tag: 'Admin API',
  description:
    'RSA ID Plus Cloud Administration: codes, users and logs, for administrators and their programs.',
  operations: { ...codes, ...codeStates, ...adminVoids, ...users, ...desk, ...verifications, ...logs },
  mediaType: 'application/json',
  errorType: adminErrors.mediaType,
  headers: ['RateLimit', 'RateLimit-Policy'],
  refusal(status, message, path) {
    const body = adminErrors.render({ status, message, path, now: NOW, error: undefined }) as object
    return { schema: 'code' in body ? requestError : springError, body }
  },
  common: () => ({
    406: { type: 'Accept one of: application/json.' },
    429: { key: 'Too many requests. Try again in 7 seconds.' },
    500: OUR_FAULT,
    503: STORE_FAULT,
  }),
}
