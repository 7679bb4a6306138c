import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { deleteUser as removeUser } from '../../users/user-store.ts'
import { noSuchUser, requireVersion, requireUser } from './resource.ts'

/** `DELETE /scim/v2/Users/{id}` (RFC 7644 §3.6) */
export async function deleteUser(c: Context<AdminEnv>): Promise<Response> {
  // Who names a version does not mean another one; the moment between is left to chance.
  if (c.req.header('If-Match') !== undefined) requireVersion(c, await requireUser(c))
  if (!(await removeUser(directoryScopeOf(c), actorOf(c), c.req.param('id') ?? ''))) throw noSuchUser()
  return c.body(null, 204)
}
