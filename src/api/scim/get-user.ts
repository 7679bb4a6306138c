import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { requireUser, resourceOf, scim } from './resource.ts'
import { selected } from './selection.ts'

/** `GET /scim/v2/Users/{id}` (RFC 7644 §3.4.1); 304 where the client has this version. */
export async function getUser(c: Context<AdminEnv>): Promise<Response> {
  const resource = resourceOf(c, await requireUser(c))
  const { version } = resource.meta
  const known = c.req.header('If-None-Match')?.split(',') ?? []
  if (known.some((tag) => tag.trim() === version)) return c.body(null, 304, { ETag: version })
  c.header('ETag', version)
  return scim(c, selected(resource, c.req.query()))
}
