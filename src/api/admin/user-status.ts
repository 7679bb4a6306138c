import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { ownMember } from '../../record.ts'
import { updateUser, type User } from '../../users/user-store.ts'
import { noSuchUser, requireObject, requireUser } from './user-record.ts'

const STATUSES: Readonly<Record<string, User['status']>> = { Enabled: 'enabled', Disabled: 'disabled' }

/**
 * `PUT v1/users/{id}/userStatus`: disabling ends the user's codes, and enabling brings none back. Who is so already
 * is not changed, and there is no event.
 */
export async function putUserStatus(c: Context<AdminEnv>): Promise<Response> {
  const word = ownMember(requireObject(await readJson(c)), 'userStatus')
  const status = typeof word === 'string' && Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined
  if (status === undefined) {
    throw new HTTPException(400, { message: 'userStatus must be Enabled or Disabled.' })
  }
  const { id, status: before } = await requireUser(c)
  if (status === before) return c.json({ id, userStatus: word })
  const scope = { ...directoryScopeOf(c), ...c.get('tenant').policy.code }
  const { tag } = await updateUser(scope, actorOf(c), { id }, { status })
  if (tag !== 'updated') throw noSuchUser()
  return c.json({ id, userStatus: word })
}
