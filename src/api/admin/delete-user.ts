import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { ownMember } from '../../record.ts'
import { markDeleted, purgeUser, restoreUser } from '../../users/deleted-user-store.ts'
import { deleteUser } from '../../users/user-store.ts'
import { noSuchUser, requireObject } from './user-record.ts'

/**
 * `PUT v1/users/{id}/markDeleted`: `true` hides the user at once and ends their codes; for seven days, `false` brings
 * the user back.
 */
export async function putMarkDeleted(c: Context<AdminEnv>): Promise<Response> {
  const isMarked = ownMember(requireObject(await readJson(c)), 'markDeleted')
  if (typeof isMarked !== 'boolean') {
    throw new HTTPException(400, { message: 'markDeleted must be true or false.' })
  }
  const id = c.req.param('id') ?? ''
  if (isMarked) {
    if (!(await markDeleted(directoryScopeOf(c), actorOf(c), id))) throw noSuchUser()
  } else {
    const scope = { ...directoryScopeOf(c), ...c.get('tenant').policy.code }
    requireRestored(await restoreUser(scope, actorOf(c), id))
  }
  return c.json({ id, markDeleted: isMarked })
}

/** `DELETE v1/users/{id}`: removes a user for good, also one who is marked as deleted. */
export async function deleteUserNow(c: Context<AdminEnv>): Promise<Response> {
  const [scope, id] = [directoryScopeOf(c), c.req.param('id') ?? '']
  const isDeleted = (await deleteUser(scope, actorOf(c), id)) || (await purgeUser(scope, actorOf(c), id))
  if (!isDeleted) throw noSuchUser()
  return c.body(null, 204)
}

function requireRestored(outcome: Awaited<ReturnType<typeof restoreUser>>): void {
  switch (outcome) {
    case 'restored':
      return
    case 'unknown':
      throw noSuchUser()
    case 'email-taken':
      throw new HTTPException(409, {
        message: 'Another user has this address by now. Delete that one first.',
      })
    case 'user-name-taken':
      throw new HTTPException(409, {
        message: 'Another user has this user name by now. Delete that one first.',
      })
  }
}
