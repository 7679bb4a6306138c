import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { unfreeze } from '../../codes/freeze-store.ts'
import { isReason, REASON_FORM } from '../../codes/reason.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { ownMember } from '../../record.ts'
import { noSuchUser, requireObject } from './user-record.ts'

/** `POST v1/users/{id}/unfreeze`, ours: codes can be issued for a user again who has reported one (S6). */
export async function unfreezeUser(c: Context<AdminEnv>): Promise<Response> {
  const reason = ownMember(requireObject(await readJson(c)), 'reason')
  if (!isReason(reason)) throw new HTTPException(400, { message: `reason must be ${REASON_FORM}.` })
  const id = c.req.param('id') ?? ''
  const outcome = await unfreeze(tenantScopeOf(c), actorOf(c), id, reason)
  if (outcome === 'unknown') throw noSuchUser()
  return c.json({ id, wasFrozen: outcome === 'lifted' })
}
