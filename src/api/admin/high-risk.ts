import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { ownMember } from '../../record.ts'
import { changeHighRisk, listHighRisk } from '../../users/user-search-store.ts'
import { requireUserCount } from './bulk.ts'
import { requireObject } from './user-record.ts'

/** `GET v2/users/highrisk`: those at high risk, 10,000 at most. */
export async function getHighRisk(c: Context<AdminEnv>): Promise<Response> {
  const users = await listHighRisk(tenantScopeOf(c))
  return c.json({
    users: users.map(({ id, email, userName }) => ({
      id,
      email,
      primaryUsername: userName,
      alternateUsername: null,
    })),
  })
}

/** `PUT v1/users/highrisk`: adds users to the list or removes them, by their ids, 1 to 100 in a call. */
export async function putHighRisk(c: Context<AdminEnv>): Promise<Response> {
  const body = requireObject(await readJson(c))
  const [action, users] = [ownMember(body, 'action'), ownMember(body, 'users')]
  if (action !== 'add' && action !== 'remove') {
    throw new HTTPException(400, { message: 'action must be add or remove.' })
  }
  if (!Array.isArray(users) || !users.every((id): id is string => typeof id === 'string')) {
    throw new HTTPException(400, { message: 'users must be a list of ids of users.' })
  }
  requireUserCount(users.length)
  const ids = [...new Set(users)]
  const changed = new Set(
    await changeHighRisk(tenantScopeOf(c), actorOf(c), { ids, isAtRisk: action === 'add' }),
  )
  return c.json({
    users: ids.map((id) =>
      changed.has(id) ? { id, statusCode: '200' } : { id, statusCode: '404', error: 'User not found.' },
    ),
  })
}
