import * as v from 'valibot'
import { problemErrors } from '../../src/http/problem.ts'
import { JWKS, jwks } from './oauth.ts'
import { answer, type Dialect, type Operations } from './operation.ts'
import { problem } from './problem-schema.ts'
import { OUR_FAULT } from './responses.ts'

/** What anybody may ask, of no tenant. */

const operations: Operations = {
  'GET /healthz': {
    id: 'getHealth',
    summary: 'Says that the Worker runs; touches no tenant.',
    who: 'anyone',
    answers: {
      200: answer('It runs.', v.object({ status: v.literal('ok') }), { status: 'ok' }),
    },
  },
  'GET /.well-known/jwks.json': {
    id: 'getResetGrantKeys',
    summary: 'The keys that reset grants are verified with.',
    who: 'anyone',
    answers: {
      200: answer('The keys.', jwks, JWKS),
      500: OUR_FAULT,
    },
  },
}

export const publicDialect: Dialect = {
  tag: 'Public',
  description: 'What anybody may ask, of no tenant.',
  operations,
  mediaType: 'application/json',
  errorType: problemErrors.mediaType,
  // Any page may read the keys of grants, and why there are none.
  headers: ['Access-Control-Allow-Origin', 'Access-Control-Expose-Headers'],
  refusal: (status, message, path) => ({
    schema: problem,
    body: problemErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
  common: () => ({}),
}
