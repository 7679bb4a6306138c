import * as v from 'valibot'
import { oauthErrors, OAuthError, type OAuthErrorCode } from '../../src/api/oauth/errors.ts'
import { problemErrors } from '../../src/http/problem.ts'
import { SCOPES } from '../../src/tenants/scope.ts'
import { named } from './json-schema.ts'
import { answer, body, type Dialect, type Operations } from './operation.ts'
import { problem } from './problem-schema.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { open, text } from './shared-schemas.ts'

/** OAuth 2.0 for the admin API and the directory, on the hosts of each tenant. */

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const TOKEN = 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwMThmIn0.c2ln'
const SCOPE = 'rsa.user.read rsa.user.factor.manage'
const ISSUER = 'https://reset.example.com/oauth'

const tokenRequest = v.looseObject({
  grant_type: v.literal('client_credentials'),
  client_assertion_type: v.literal(ASSERTION_TYPE),
  client_assertion: text("The client's assertion, a JWT: each is good once."),
  client_id: v.optional(text('The same as in the assertion.')),
  scope: v.optional(text('Scopes with blanks between; all that the client may have without it.', SCOPE)),
})

const tokenAnswer = v.object({
  access_token: text('A JWT (RFC 9068).'),
  token_type: v.literal('Bearer'),
  expires_in: v.pipe(v.number(), v.integer(), v.description('Seconds.')),
  scope: text('What the token allows.', SCOPE),
})

const metadata = named(
  'AuthorizationServer',
  v.object({
    issuer: v.string(),
    token_endpoint: v.string(),
    jwks_uri: v.string(),
    grant_types_supported: v.array(v.string()),
    response_types_supported: v.array(v.string()),
    token_endpoint_auth_methods_supported: v.array(v.string()),
    token_endpoint_auth_signing_alg_values_supported: v.array(v.string()),
    scopes_supported: v.array(v.string()),
  }),
)
const METADATA = {
  issuer: ISSUER,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
  grant_types_supported: ['client_credentials'],
  response_types_supported: [],
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
  scopes_supported: Object.keys(SCOPES),
}

/** Public keys that something is signed with. */
export const jwks = named(
  'SigningKeys',
  v.object({
    keys: v.array(
      v.object({
        kty: v.literal('EC'),
        crv: v.literal('P-256'),
        x: v.string(),
        y: v.string(),
        kid: v.string(),
        alg: v.literal('ES256'),
        use: v.literal('sig'),
      }),
    ),
  }),
)
export const JWKS = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      kid: '2026-11',
      alg: 'ES256',
      use: 'sig',
    },
  ],
}

const described = answer('Where and how tokens are given.', metadata, METADATA)

const operations: Operations = {
  'POST /oauth/token': {
    id: 'getAccessToken',
    summary: 'An access token, for an assertion.',
    description:
      "RFC 6749 §4.4 with `private_key_jwt` (RFC 7523). Counts in a bucket of its own, as large as the client's `admin`.",
    who: 'oauth-client',
    body: body('application/x-www-form-urlencoded', tokenRequest, {
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: 'eyJhbGciOiJFUzI1NiIsImtpZCI6IjEifQ.eyJpc3MiOiIwMThmIn0.c2ln',
      scope: SCOPE,
    }),
    answers: {
      200: {
        ...answer('The token, which is good for an hour.', tokenAnswer, {
          access_token: TOKEN,
          token_type: 'Bearer',
          expires_in: 3600,
          scope: SCOPE,
        }),
        headers: ['Pragma'],
      },
      400: {
        invalid_request: 'grant_type is required.',
        unsupported_grant_type: 'grant_type must be client_credentials.',
        invalid_scope: "None of these scopes is the client's, which are: rsa.user.read.",
      },
      401: {
        invalid_client: 'The client assertion is not good.',
        used: 'The client assertion was used before: make one for each request.',
      },
      415: { charset: 'Send the body as UTF-8.', encoding: 'Send the body without Content-Encoding.' },
      429: { client: 'Too many requests. Try again in 7 seconds.' },
    },
  },
  'GET /oauth/jwks': {
    id: 'getAccessTokenKeys',
    summary: 'The keys that access tokens are signed with.',
    who: 'anyone',
    answers: { 200: answer('The keys.', jwks, JWKS) },
  },
}

/** Below `/.well-known/`, where refusals are problem details. */
const discovery: Operations = {
  'GET /.well-known/oauth-authorization-server': {
    id: 'getAuthorizationServer',
    summary: 'Where and how tokens are given (RFC 8414).',
    who: 'anyone',
    answers: { 200: described },
  },
  'GET /.well-known/oauth-authorization-server/oauth': {
    id: 'getAuthorizationServerOfIssuer',
    summary: 'The same, where RFC 8414 §3.1 puts it.',
    who: 'anyone',
    answers: { 200: described },
  },
}

const oauthError = named(
  'OAuthError',
  v.object({
    error: open(
      [
        'invalid_request',
        'invalid_client',
        'invalid_scope',
        'unsupported_grant_type',
        'temporarily_unavailable',
        'server_error',
      ],
      'A code of RFC 6749 §5.2.',
    ),
    error_description: v.string(),
  }),
)

const CODES: Readonly<Record<string, OAuthErrorCode>> = {
  'grant_type must be client_credentials.': 'unsupported_grant_type',
  "None of these scopes is the client's, which are: rsa.user.read.": 'invalid_scope',
}

const NO_TENANT = { tenant: 'No tenant has this host name.' }

export const oauthDialect: Dialect = {
  tag: 'OAuth 2.0',
  description:
    'Access tokens for the admin API and the directory. The host name of the request names the tenant.',
  operations,
  mediaType: 'application/json',
  errorType: 'application/json',
  headers: ['RateLimit', 'RateLimit-Policy'],
  refusal(status, message) {
    const code = status === 401 ? 'invalid_client' : CODES[message]
    const error = code === undefined ? undefined : new OAuthError(code, message)
    return { schema: oauthError, body: oauthErrors.render({ status, message, path: '', now: 0, error }) }
  },
  common: () => ({ 404: NO_TENANT, 500: OUR_FAULT, 503: STORE_FAULT }),
}

export const oauthDiscoveryDialect: Dialect = {
  ...oauthDialect,
  operations: discovery,
  common: () => ({ 404: NO_TENANT, 503: STORE_FAULT }),
  errorType: problemErrors.mediaType,
  headers: [],
  refusal: (status, message, path) => ({
    schema: problem,
    body: problemErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
}
