import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { updateUser, type User } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { noSuchUser, requireUser, requiredVersion, resourceOf, scim } from './resource.ts'
import { differences, patched, replaced } from './changed-user.ts'
import type { UserStatement } from './scim-user.ts'

/** `PATCH /scim/v2/Users/{id}` (RFC 7644 §3.5.2) */
export async function patchUser(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  const user = await requireUser(c)
  return change(c, user, patched(user, body))
}

/** `PUT /scim/v2/Users/{id}` (RFC 7644 §3.5.1) */
export async function putUser(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  const user = await requireUser(c)
  return change(c, user, replaced(user, body))
}

/** Writes what differs alone: another change beside it may just be disabling the user. */
async function change(c: Context<AdminEnv>, user: User, wanted: UserStatement): Promise<Response> {
  const changes = differences(user, wanted)
  const version = requiredVersion(c, user)
  if (Object.keys(changes).length === 0) return scim(c, resourceOf(c, user))
  const moved = wanted.emailKey === user.emailKey ? undefined : { from: user.emailKey, to: wanted.emailKey }
  const scope = { ...directoryScopeOf(c), ...c.get('tenant').policy.code }
  const target = { id: user.id, ...(version !== undefined && { version }) }
  const outcome = await updateUser(scope, actorOf(c), target, changes, moved)
  switch (outcome.tag) {
    case 'updated':
      return scim(c, resourceOf(c, { ...user, ...changes, updatedAt: outcome.updatedAt }))
    case 'user-name-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this userName.')
    case 'email-taken':
      throw new ScimException(409, 'uniqueness', 'Another user has this e-mail address.')
    case 'unknown':
      if (version === undefined) throw noSuchUser()
      throw new HTTPException(412, { message: 'The user has changed meanwhile. Read them again.' })
  }
}
