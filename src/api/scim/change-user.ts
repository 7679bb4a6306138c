import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, directoryScopeOf } from '../../http/context.ts'
import { updateUser, type User } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { answerUser, beingChanged, requireUser, requireVersion, ROUNDS_MAX } from './resource.ts'
import { differences, patched, replaced } from './changed-user.ts'
import type { UserStatement } from './scim-user.ts'

/** `PATCH /scim/v2/Users/{id}` (RFC 7644 §3.5.2) */
export async function patchUser(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  return change(c, (user) => patched(user, body))
}

/** `PUT /scim/v2/Users/{id}` (RFC 7644 §3.5.1) */
export async function putUser(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  return change(c, (user) => replaced(user, body))
}

/**
 * Writes what differs, of the very user who was read: a change beside it would be lost otherwise. Where there was one,
 * the user is read again.
 */
async function change(c: Context<AdminEnv>, wantedOf: (user: User) => UserStatement): Promise<Response> {
  const scope = { ...directoryScopeOf(c), ...c.get('tenant').policy.code }
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const user = await requireUser(c)
    requireVersion(c, user)
    const wanted = wantedOf(user)
    const changes = differences(user, wanted)
    if (Object.keys(changes).length === 0) return answerUser(c, user)
    const moved = wanted.emailKey === user.emailKey ? undefined : { from: user.emailKey, to: wanted.emailKey }
    const target = { id: user.id, version: user.updatedAt }
    const outcome = await updateUser(scope, actorOf(c), target, changes, moved)
    switch (outcome.tag) {
      case 'updated':
        return answerUser(c, { ...user, ...changes, updatedAt: outcome.updatedAt })
      case 'user-name-taken':
        throw new ScimException(409, 'uniqueness', 'Another user has this userName.')
      case 'email-taken':
        throw new ScimException(409, 'uniqueness', 'Another user has this e-mail address.')
      case 'unknown':
    }
  }
  throw beingChanged()
}
