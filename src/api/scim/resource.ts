import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { findUser, type User } from '../../users/user-store.ts'
import { userResource, versionOf } from './scim-user.ts'

/** What the endpoints of users have in common. */

/** @throws {HTTPException} 404 when the path names no user of the tenant. */
export async function requireUser(c: Context<AdminEnv>): Promise<User> {
  const user = await findUser(tenantScopeOf(c), c.req.param('id') ?? '')
  if (user === undefined) throw noSuchUser()
  return user
}

/** @throws {HTTPException} 412 when the request names another version of the user by `If-Match` (RFC 7644 §3.14). */
export function requireVersion(c: Context<AdminEnv>, { updatedAt }: User): void {
  const tags = (c.req.header('If-Match') ?? '*').split(',')
  if (tags.some((tag) => ['*', versionOf(updatedAt)].includes(tag.trim()))) return
  throw new HTTPException(412, { message: 'The user has changed meanwhile. Read them again.' })
}

/** How often a change is tried of a user whom somebody else changes meanwhile. */
export const ROUNDS_MAX = 3

export function beingChanged(): HTTPException {
  return new HTTPException(409, { message: 'The user is being changed by others. Try it again.' })
}

export function noSuchUser(): HTTPException {
  return new HTTPException(404, { message: 'There is no such user.' })
}

export function resourceOf(c: Context<AdminEnv>, user: User) {
  return userResource(user, config(c.env).baseUrl)
}

/** An answer of SCIM's media type (RFC 7644 §3.1), with the version of the resource where it has one. */
export function scim(c: Context<AdminEnv>, resource: object, status: 200 | 201 = 200): Response {
  const { meta } = resource as { meta?: { version?: string } }
  if (meta?.version !== undefined) c.header('ETag', meta.version)
  return c.json(resource, status, { 'Content-Type': 'application/scim+json' })
}
