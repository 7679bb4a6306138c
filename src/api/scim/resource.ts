import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { findUser, type User } from '../../users/user-store.ts'
import { userResource, versionOf } from './scim-user.ts'
import { selected } from './selection.ts'

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

/** The answer that is a user: with the version, and what the query asks for of the attributes (RFC 7644 §3.9). */
export function answerUser(c: Context<AdminEnv>, user: User, status: 200 | 201 = 200): Response {
  const resource = resourceOf(c, user)
  c.header('ETag', resource.meta.version)
  return scim(c, selected(resource, c.req.query()), status)
}

/** An answer of SCIM's media type (RFC 7644 §3.1). */
export function scim(c: Context<AdminEnv>, resource: object, status: 200 | 201 = 200): Response {
  return c.json(resource, status, { 'Content-Type': 'application/scim+json' })
}
