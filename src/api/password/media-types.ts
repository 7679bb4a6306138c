import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { parseAccept } from 'hono/utils/accept'

/** The response types of the password API, the default first: the body is the same JSON in each. */
const RESPONSE_TYPES = ['application/json', 'application/vnd.soa.v71+json', 'application/vnd.soa.v72+json']

/** Those of the operation that sets a password. */
export const LOGIN_RESPONSE_TYPES = [
  ...RESPONSE_TYPES,
  'application/vnd.soa.v80+json',
  'application/vnd.soa.v81+json',
]

/**
 * The response's Content-Type, from the request's Accept: the type of the highest quality, where a
 * range that names a type outranks a wildcard (RFC 9110 §12.5.1).
 *
 * @throws {HTTPException} 406 when the client accepts none.
 */
export function negotiateMediaType(c: Context, types: readonly string[] = RESPONSE_TYPES): string {
  const accept = c.req.header('Accept')
  const [first = ''] = types
  if (accept === undefined) return first
  const ranges = parseAccept(accept)
  const qualityOf = (type: string) =>
    [type, 'application/*', '*/*']
      .map((range) => ranges.find((accepted) => accepted.type.toLowerCase() === range))
      .find((accepted) => accepted !== undefined)?.q ?? 0
  const [best] = types
    .map((type) => ({ type, quality: qualityOf(type) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
  if (best !== undefined) return best.type
  throw new HTTPException(406, { message: `Accept one of: ${types.join(', ')}.` })
}
