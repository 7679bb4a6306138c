import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { findUser, type User } from '../../users/user-store.ts'
import { userResource } from './scim-user.ts'

/** What the endpoints of users have in common. */

/** @throws {HTTPException} 404 when the path names no user of the tenant. */
export async function requireUser(c: Context<AdminEnv>): Promise<User> {
  const user = await findUser(tenantScopeOf(c), c.req.param('id') ?? '')
  if (user === undefined) throw noSuchUser()
  return user
}

export function noSuchUser(): HTTPException {
  return new HTTPException(404, { message: 'There is no such user.' })
}

export function resourceOf(c: Context<AdminEnv>, user: User) {
  return userResource(user, config(c.env).baseUrl)
}

/** An answer of SCIM's media type (RFC 7644 §3.1). */
export function scim(c: Context<AdminEnv>, resource: object, status: 200 | 201 = 200): Response {
  return c.json(resource, status, { 'Content-Type': 'application/scim+json' })
}
