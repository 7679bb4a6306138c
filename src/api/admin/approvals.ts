import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { openApproval } from '../../codes/approval.ts'
import {
  collect,
  decide,
  listApprovals,
  type Approval,
  type Collected,
  type Unchanged,
} from '../../codes/approval-store.ts'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { actorOf, tenantScopeOf } from '../../http/context.ts'
import { goOn } from '../../http/go-on.ts'
import { queueMessages, resultOf, tellUsers, termsOf, type Issued } from './generate-verify-code.ts'

/** Codes that wait for a second person: four eyes. All of it is ours. */

const PAGE = 100

/** `GET v1/approvals`: what waits, the oldest first, 100 in a page. */
export async function getApprovals(c: Context<AdminEnv>): Promise<Response> {
  const found = await listApprovals(tenantScopeOf(c), c.req.query('after') ?? '', PAGE + 1)
  const page = found.slice(0, PAGE)
  return c.json({ approvals: page.map(shown), next: found.length > PAGE ? page.at(-1)?.id : null })
}

/** `POST v1/approvals/{id}/approve` and `.../decline`, by anybody but who has asked. */
export function decideApproval(to: 'approved' | 'declined') {
  return async function decideApproval(c: Context<AdminEnv>): Promise<Response> {
    const outcome = await decide(tenantScopeOf(c), actorOf(c), c.req.param('id') ?? '', to)
    if (outcome.tag === 'unchanged') throw refusal(outcome.why)
    return c.json(shown(outcome.approval))
  }
}

/** `POST v1/approvals/{id}/collect`: the code, once, for who has asked alone; or its mail goes. */
export function collectApproval(c: Context<AdminEnv>): Promise<Response> {
  return goOn(c, collectNow(c))
}

async function collectNow(c: Context<AdminEnv>): Promise<Response> {
  const { policy } = c.get('tenant')
  const outcome = await collect(
    { ...tenantScopeOf(c), ...policy.code },
    actorOf(c),
    c.req.param('id') ?? '',
    policy.code.highRisk === 'restrict',
  )
  if (outcome.tag === 'unchanged') throw refusal(outcome.why)
  const { mode } = outcome.collected
  const issued = await issuedOf(c, outcome.collected)
  const areQueued = await queueMessages(c, mode, [issued])
  tellUsers(c, mode, [issued], areQueued)
  return c.json(resultOf(termsOf(policy), mode, issued, areQueued))
}

async function issuedOf(c: Context<AdminEnv>, collected: Collected): Promise<Issued> {
  const waiting = await openApproval(config(c.env).transientKeys, collected.sealed)
  if (waiting === undefined) throw new Error('the key of a code that was collected is gone')
  const { userId, emailKey, codeId, codeExpiresAt: expiresAt } = collected
  // What was sealed is what a generate has made of its entry.
  const request = waiting.request as Issued['request']
  return { request, outcome: { tag: 'issued', code: waiting.code, codeId, userId, emailKey, expiresAt } }
}

function shown({ requestedAt, expiresAt, decidedAt, ...rest }: Approval) {
  const time = (at: number) => new Date(at).toISOString()
  return {
    ...rest,
    requestedAt: time(requestedAt),
    expiresAt: time(expiresAt),
    decidedAt: decidedAt === null ? null : time(decidedAt),
  }
}

/** What stands in the way. Whatever else does is in the state of the request. */
const SENTENCES: Partial<Record<Unchanged, string>> = {
  own: 'Somebody else than who has asked must decide.',
  'not-own': 'Nobody but who has asked can collect the code.',
  unfit: 'The user cannot get this code any more. Ask for a new one.',
  pending: 'Nobody has approved the request yet.',
}

function refusal(why: Unchanged): HTTPException {
  if (why === 'unknown') return new HTTPException(404, { message: 'There is no such request.' })
  return new HTTPException(409, { message: SENTENCES[why] ?? `The request is ${why}.` })
}
