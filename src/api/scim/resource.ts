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

/**
 * The version that the request names by `If-Match` (RFC 7644 §3.14), for the statement to look at once more.
 *
 * @throws {HTTPException} 412 when the user has another one.
 */
export function requiredVersion(c: Context<AdminEnv>, { updatedAt }: User): number | undefined {
  const wanted = c.req.header('If-Match')
  if (wanted === undefined || wanted.trim() === '*') return undefined
  if (wanted.split(',').some((tag) => tag.trim() === versionOf(updatedAt))) return updatedAt
  throw new HTTPException(412, { message: 'The user has changed meanwhile. Read them again.' })
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
