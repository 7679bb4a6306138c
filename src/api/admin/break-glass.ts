import { HTTPException } from 'hono/http-exception'
import type { AdminEnv, ReadContext } from '../../http/app-env.ts'
import { mayAlso } from '../../http/authenticate.ts'
import { outboxOf } from '../../http/context.ts'
import { announceBrokenGlass, isBreakable } from '../../delivery/break-glass.ts'
import type { Issued } from './generate-verify-code.ts'

type Request = Issued['request']

/**
 * @throws {HTTPException} where a call would pass the rules of the desk: 403 for all but a super-admin, 400 where
 *   nobody could be told.
 */
export async function requireBreakable(
  c: ReadContext<AdminEnv>,
  requests: readonly Request[],
): Promise<void> {
  if (!requests.some(asks)) return
  if (!(await mayAlso(c, 'desk:override'))) {
    c.get('log').step = 'forbidden'
    throw new HTTPException(403, { message: 'breakGlassReason is for super-admins.' })
  }
  if (isBreakable(c.get('tenant').policy)) return
  throw new HTTPException(400, {
    message: 'breakGlassReason needs policy.desk.alertEmail and a mailer: somebody has to be told.',
  })
}

/** The requests, with what passes the rules for those that give a reason. */
export async function breakGlass(c: ReadContext<AdminEnv>, requests: readonly Request[]): Promise<Request[]> {
  const reasons = requests.filter(asks).map(({ entry }) => String(entry.glassReason))
  if (reasons.length === 0) return [...requests]
  const glass = (await announceBrokenGlass(outboxOf(c), reasons)).values()
  return requests.map((request) => (asks(request) ? { ...request, glass: glass.next().value } : request))
}

function asks({ tag, entry }: Request): boolean {
  return tag === 'wanted' && entry.glassReason !== undefined
}
