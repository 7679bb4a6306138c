import type { JsonSchema } from './json-schema.ts'

/** Headers of answers, which stand once in the document, under `components.headers`. */

type Header = { description: string; schema: JsonSchema; example: string; required?: true }

const text: JsonSchema = { type: 'string' }

export const HEADERS = {
  'X-Request-Id': {
    description: 'The id of this request in the log. Name it when you ask for help.',
    schema: { type: 'string', format: 'uuid' },
    example: '5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42',
    required: true,
  },
  'Cache-Control': {
    description:
      '`no-store`: answers hold codes and addresses. Public keys of grants and logos may be kept for 5 minutes.',
    schema: { enum: ['no-store', 'public, max-age=300'] },
    example: 'no-store',
    required: true,
  },
  RateLimit: {
    description:
      'What is left of each bucket that the request was charged to: `r` units, and `t` seconds until it is full ' +
      '(draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string', pattern: '^"[a-z-]+";r=\\d+;t=\\d+(, "[a-z-]+";r=\\d+;t=\\d+)*$' },
    example: '"admin";r=98;t=1',
  },
  'RateLimit-Policy': {
    description: 'The size of each of these buckets: `q` units at once, which come back over `w` seconds.',
    schema: { type: 'string', pattern: '^"[a-z-]+";q=\\d+;w=\\d+(, "[a-z-]+";q=\\d+;w=\\d+)*$' },
    example: '"admin";q=100;w=10',
  },
  'Retry-After': {
    description: 'Seconds after which the same request may be sent again.',
    schema: { type: 'string', pattern: '^\\d+$' },
    example: '7',
  },
  'WWW-Authenticate': {
    description:
      '`Bearer` where no token came, `Bearer error="invalid_token"` where it was not good, and ' +
      '`Bearer error="insufficient_scope", scope="..."` with the scopes that would do (RFC 6750 §3). At the token ' +
      'endpoint it has the scheme that the client has used, else `Bearer` (RFC 6749 §5.2).',
    schema: {
      type: 'string',
      pattern:
        '^(Bearer( error="(invalid_token|insufficient_scope)"(, scope="[a-z. -]+")?)?|[A-Za-z]+ realm="oauth")$',
    },
    example: 'Bearer error="invalid_token"',
  },
  Pragma: {
    description: '`no-cache`: as RFC 6749 §5.1 asks for.',
    schema: { const: 'no-cache' },
    example: 'no-cache',
  },
  ETag: {
    description: 'The version of the user, for `If-Match` and `If-None-Match`.',
    schema: { type: 'string', pattern: '^W/"\\d+"$' },
    example: 'W/"1795689600000"',
  },
  Location: {
    description: 'Where the new resource is, or the page that follows.',
    schema: { type: 'string', format: 'uri-reference' },
    example: 'https://reset.example.com/scim/v2/Users/0b8e6a3e-5f0c-4c1e-9a5e-7d2f1c3b4a59',
  },
  Refresh: {
    description: 'Leads to the provider, as a link of the page does.',
    schema: { type: 'string', pattern: '^0; url=https?://' },
    example: '0; url=https://id.example.com/authorize',
  },
  'Idempotency-Replayed': {
    description: 'The call was made before with this `Idempotency-Key`: this is its answer.',
    schema: { const: 'true' },
    example: 'true',
  },
  'Set-Cookie': {
    description:
      'The CSRF token as a cookie, which scripts can read, for 30 minutes; of the console, the end of its session; or the sign-in of a caller, sealed.',
    schema: text,
    example: 'Csrf-Token_demo=TokenID=...,expirationTime=...; Max-Age=1800; Path=/; Secure; SameSite=Lax',
  },
  'Clear-Site-Data': {
    description: 'The browser forgets what it has kept of the console.',
    schema: { const: '"cache"' },
    example: '"cache"',
  },
  'Access-Control-Allow-Origin': {
    description: 'The origin of the page, where the policy `origins` names it; `*` for public keys.',
    schema: text,
    example: 'https://app.example.com',
  },
  'Access-Control-Expose-Headers': {
    description: 'The headers that a script of that page may read.',
    schema: text,
    example: 'RateLimit,RateLimit-Policy,Retry-After,X-Request-Id',
  },
  Vary: {
    description: 'The answer depends on the origin of the page.',
    schema: text,
    example: 'Origin',
  },
} as const satisfies Record<string, Header>

export type HeaderName = keyof typeof HEADERS

/** Headers of every answer of the Worker, the same everywhere: said once, not in each operation. */
export const SECURITY_HEADERS = [
  'Content-Security-Policy',
  'Cross-Origin-Opener-Policy',
  'Cross-Origin-Resource-Policy',
  'Referrer-Policy',
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
] as const

/** Headers as the document's components have them. */
export function headerComponents(): Record<string, object> {
  return Object.fromEntries(Object.entries<Header>(HEADERS))
}

/** References to headers, by their names. */
export function headerRefs(names: Iterable<HeaderName>): Record<string, { $ref: string }> {
  const refs = [...names].map((name) => [name, { $ref: `#/components/headers/${name}` }])
  return Object.fromEntries(refs)
}
