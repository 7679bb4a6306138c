import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { claim } from '../../codes/idempotent-call-store.ts'
import { voidMany, type VoidedMany } from '../../codes/void-many.ts'
import { findJob, jobRecord } from '../../codes/void-many-store.ts'
import type { VoidRequest } from '../../codes/void-request.ts'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { idempotentCallOf, runCall } from '../../http/idempotency.ts'
import { admitVoid, VOID_MANY_COST } from '../../http/key-limits.ts'
import { answerOf, readVoid } from '../../http/void-many.ts'

/** When a void of many may have ended. */
const RETRY_S = 10

/** `POST v1/codes/void`: voids all codes of the tenant, or those of somebody or some time. Ours, not the vendor's. */
export async function voidManyCodes(c: Context<AdminEnv>): Promise<Response> {
  const scope = tenantScopeOf(c)
  const request = await readVoid(c, scope.now)
  await admitVoid(c, VOID_MANY_COST)
  const call = isDry(request) ? undefined : idempotentCallOf(c, 'void-many', aboutOf(request), ONE)
  const pepperId = config(c.env).peppers[0].id
  const voided = await runCall(
    c,
    call,
    () =>
      voidMany(scope, actorOf(c), request, (eventIdPrefix) =>
        call ? claim(scope, call, { part: 0, pepperId, eventIdPrefix }) : [],
      ),
    async (_, { entries }): Promise<VoidedMany> => {
      const earlier = entries.get(0)
      if (request.tag === 'all') return { tag: 'all', at: earlier?.at ?? scope.now }
      const job = earlier && (await findJob(scope, earlier.eventId))
      return job ? { tag: 'begun', job } : { tag: 'too-many' }
    },
  )
  if (voided.tag === 'too-many') c.header('Retry-After', String(RETRY_S))
  const { body, status } = await answerOf(c.env, scope.tenantId, voided)
  return c.json(body, status)
}

/** `GET v1/codes/void/{id}`: how far such a void is. */
export async function getVoid(c: Context<AdminEnv>): Promise<Response> {
  const job = await findJob(tenantScopeOf(c), c.req.param('id') ?? '')
  if (job === null) throw new HTTPException(404, { message: 'There is no such void.' })
  return c.json(jobRecord(job))
}

const ONE = () => ({ size: 1 })

function isDry(request: VoidRequest): boolean {
  return request.tag === 'some' && request.job.isDryRun
}

/** What a repetition must ask for again: not the time at which it does. */
function aboutOf(request: VoidRequest): unknown {
  return request.tag === 'all' ? request.modes : request.job.asked
}
