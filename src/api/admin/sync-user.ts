import type { Context } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { requireUser, userRecord } from './user-record.ts'

/** `POST v1/users/{id}/sync`: the user as they are. There is no outside directory to bring anything from. */
export async function syncUser(c: Context<AdminEnv>): Promise<Response> {
  return c.json(userRecord(await requireUser(c)))
}
