import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { deleteUser as removeUser } from '../../users/user-store.ts'
import { noSuchUser, requireVersion } from './resource.ts'

/** `DELETE /scim/v2/Users/{id}` (RFC 7644 §3.6) */
export async function deleteUser(c: Context<AdminEnv>): Promise<Response> {
  const id = c.req.param('id') ?? ''
  const isDeleted = await removeUser(directoryScopeOf(c), actorOf(c), id, (user) => requireVersion(c, user))
  if (!isDeleted) throw noSuchUser()
  return c.body(null, 204)
}
