import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { updateUser } from '../../users/user-store.ts'
import { ScimException } from './errors.ts'
import { noSuchUser, requireUser, resourceOf, scim } from './resource.ts'
import { readUser } from './scim-user.ts'
import { applyPatch } from './user-patch.ts'

/** `PATCH /scim/v2/Users/{id}` (RFC 7644 §3.5.2): anything but who the user is. */
export async function patchUser(c: Context<AdminEnv>): Promise<Response> {
  const body = await readJson(c)
  const user = await requireUser(c)
  const stored = resourceOf(c, user)
  const patched = readUser(applyPatch(stored, body), stored)
  if (patched.emailKey !== user.emailKey || patched.userName !== user.userName) {
    throw new ScimException(
      400,
      'mutability',
      'userName and emails cannot be changed: delete the user and create it anew.',
    )
  }
  const { status, attributes } = patched
  // Only what this patch changes is written: another one beside it may just be disabling the user.
  const changes = {
    ...(status !== user.status && { status }),
    ...(attributes !== user.attributes && { attributes }),
    updatedAt: c.get('now'),
  }
  const scope = { ...tenantScopeOf(c), ...c.get('tenant').policy.code }
  if (!(await updateUser(scope, actorOf(c), user.id, changes))) throw noSuchUser()
  return scim(c, resourceOf(c, { ...user, ...changes }))
}
