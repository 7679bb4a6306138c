import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { answerUser, requireUser } from './resource.ts'
import { versionOf } from './scim-user.ts'

/** `GET /scim/v2/Users/{id}` (RFC 7644 §3.4.1); 304 where the client has this version. */
export async function getUser(c: Context<AdminEnv>): Promise<Response> {
  const user = await requireUser(c)
  const version = versionOf(user.updatedAt)
  const known = c.req.header('If-None-Match')?.split(',') ?? []
  if (known.some((tag) => tag.trim() === version)) return c.body(null, 304, { ETag: version })
  return answerUser(c, user)
}
