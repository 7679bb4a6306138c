import { isRecord } from '../../record.ts'
import type { User, UserChanges } from '../../users/user-store.ts'
import { readUser, userResource, type UserStatement } from './scim-user.ts'
import { applyPatch } from './user-patch.ts'

/** What becomes of a user by the body of a request. */

/** @throws {ScimException} 400 for what is no patch, or makes no user. */
export function patched(user: User, body: unknown): UserStatement {
  const stored = userResource(user, '')
  return readUser(applyPatch(stored, body), stored)
}

/**
 * The user as stated, and nothing beside it. Without `active` the user stays enabled or disabled: a client that does
 * not speak of it has not asked to let anybody in.
 *
 * @throws {ScimException} 400 for what is no user.
 */
export function replaced(user: User, body: unknown): UserStatement {
  const stated = readUser(body, userResource(user, ''))
  const isSilent = !isRecord(body) || !Object.keys(body).some((name) => name.toLowerCase() === 'active')
  return isSilent ? { ...stated, status: user.status } : stated
}

/** What is to be changed of a user. Where it is nothing, the user keeps their version (RFC 7644 §3.5.2.1). */
export function differences(user: User, wanted: UserStatement): UserChanges {
  const names = ['email', 'emailKey', 'userName', 'userNameKey', 'status', 'attributes'] as const
  return Object.fromEntries(
    names.filter((name) => wanted[name] !== user[name]).map((name) => [name, wanted[name]]),
  )
}
