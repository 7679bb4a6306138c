import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AdminEnv } from '../../http/app-env.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { isRecord } from '../../record.ts'
import { findUser, type User } from '../../users/user-store.ts'

/** Where our users come from: the vendor names an outside directory here. Ours. */
const IDENTITY_SOURCE = 'Rescind'

/** A user in the members that the vendor's clients read. What is never there here is null. */
export function userRecord({ id, email, userName, status, attributes, createdAt, highRiskAt }: User) {
  const { name } = JSON.parse(attributes) as { name?: { givenName?: string; familyName?: string } | null }
  return {
    id,
    emailAddress: email,
    principalUsername: userName,
    firstName: name?.givenName ?? null,
    lastName: name?.familyName ?? null,
    creationDate: new Date(createdAt).toISOString(),
    identitySource: IDENTITY_SOURCE,
    userStatus: statusWord(status),
    markDeleted: false,
    markDeletedAt: null,
    markDeletedBy: null,
    highRiskUser: highRiskAt !== null,
    smsNumber: null,
    voiceNumber: null,
    lastSyncTime: null,
  }
}

export function statusWord(status: User['status']): 'Enabled' | 'Disabled' {
  return status === 'enabled' ? 'Enabled' : 'Disabled'
}

/** @throws {HTTPException} 404 when the path names no user of the tenant. */
export async function requireUser(c: Context<AdminEnv>): Promise<User> {
  const user = await findUser(tenantScopeOf(c), c.req.param('id') ?? '')
  if (user === undefined) throw noSuchUser()
  return user
}

export function noSuchUser(): HTTPException {
  return new HTTPException(404, { message: 'User not found.' })
}

/** @throws {HTTPException} 400 when the body is no JSON object. */
export function requireObject(body: unknown): Record<string, unknown> {
  if (isRecord(body)) return body
  throw new HTTPException(400, { message: 'Send a JSON object.' })
}
