import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { requireUser, resourceOf, scim } from './resource.ts'

/** `GET /scim/v2/Users/{id}` (RFC 7644 §3.4.1) */
export async function getUser(c: Context<AdminEnv>): Promise<Response> {
  return scim(c, resourceOf(c, await requireUser(c)))
}
