import type { Context } from 'hono'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import { parseAccept } from 'hono/utils/accept'
import type { AppEnv } from './app-env.ts'

/**
 * The response's Content-Type, from the request's Accept: the type of the highest quality, where a
 * range that names a type outranks a wildcard (RFC 9110 §12.5.1).
 *
 * @param types those that the operation answers with, the default first.
 * @throws {HTTPException} 406 when the client accepts none.
 */
export function negotiateMediaType(c: Pick<Context, 'req'>, types: readonly string[]): string {
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

/**
 * Refuses a client that could not read the answer, before anything is done for it.
 *
 * @throws {HTTPException} 406.
 */
export function requireJsonAccepted() {
  return createMiddleware<AppEnv>(async function requireJsonAccepted(c, next) {
    negotiateMediaType(c, ['application/json'])
    await next()
  })
}
