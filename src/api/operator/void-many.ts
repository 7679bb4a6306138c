import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import * as v from 'valibot'
import type { Actor } from '../../audit/admin-event.ts'
import { beginQuarantine } from '../../codes/quarantine-store.ts'
import { isStalled } from '../../codes/void-job-store.ts'
import { voidMany, type VoidedMany } from '../../codes/void-many.ts'
import { findJob, jobRecord, OPERATOR, type VoidJob } from '../../codes/void-many-store.ts'
import { issuedBySince, sinceSchema } from '../../codes/void-request.ts'
import type { TenantScope } from '../../database/scope.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import { readJson } from '../../http/body.ts'
import { answerOf, readVoid, sendJob } from '../../http/void-many.ts'
import { RUN_MS, runJob } from '../../jobs/run-job.ts'
import { isKeyOf, revokeKey } from '../../tenants/api-key-store.ts'
import { forgetCatalogue } from '../../tenants/catalogue.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { pokeWebhooks } from '../../webhooks/poke.ts'
import { parseRequest } from './request.ts'
import { requireDatabase, requireTenant } from './tenant-record.ts'

/** The endpoints for when something is wrong: all codes of a tenant, some of them, or a key and its codes. */

export const quarantineSchema = v.strictObject({ since: sinceSchema }, 'must be an object with since')

/** `POST /operator/v1/tenants/{id}/void`. */
export async function voidManyCodes(c: Context<OperatorEnv>): Promise<Response> {
  const request = await readVoid(c, c.get('now'))
  const tenant = await requireTenant(c)
  const scope = scopeOf(c, tenant)
  const voided = await voidMany(scope, actorOf(c), request)
  return answer(c, tenant, scope, voided)
}

/** `GET /operator/v1/tenants/{id}/void/{jobId}`: how far it is. One whose message was lost goes on by it. */
export async function getVoid(c: Context<OperatorEnv>): Promise<Response> {
  const tenant = await requireTenant(c)
  const job = await findJob(scopeOf(c, tenant), c.req.param('jobId') ?? '')
  if (job === null) throw new HTTPException(404, { message: 'There is no such void.' })
  if (isStalled(job, c.get('now'))) await sendJob(c.env, tenant.id, job.id)
  return c.json(jobRecord(job))
}

/** `POST /operator/v1/tenants/{id}/keys/{accessID}/quarantine`: revokes a key, and voids what it has issued. */
export async function quarantineKey(c: Context<OperatorEnv>): Promise<Response> {
  const { since } = parseRequest(quarantineSchema, await readJson(c))
  const tenant = await requireTenant(c)
  const accessId = c.req.param('accessId') ?? ''
  if (!(await isKeyOf(c.env.DB, tenant.id, accessId))) {
    throw new HTTPException(404, { message: 'The tenant has no such key.' })
  }
  const scope = scopeOf(c, tenant)
  const request = issuedBySince(accessId, since, scope.now)
  // First, since it is exact: the revocation takes up to 30 seconds to be known everywhere.
  const job = await beginQuarantine(scope, actorOf(c), accessId, request)
  await revokeKey(c.env.DB, tenant.id, accessId, scope.now)
  forgetCatalogue()
  return answer(c, tenant, scope, { tag: 'begun', job })
}

/** Works on a job for as long as the caller may wait: most are done then. */
async function answer(
  c: Context<OperatorEnv>,
  tenant: Tenant,
  scope: TenantScope,
  voided: VoidedMany,
): Promise<Response> {
  const worked = voided.tag === 'begun' ? await workOff(scope, tenant, voided.job) : undefined
  const ended: VoidedMany = worked ? { tag: 'begun', job: worked } : voided
  await pokeWebhooks(c.env.WEBHOOKS, tenant)
  const { body, status } = await answerOf(c.env, tenant.id, ended)
  return c.json(body, status)
}

async function workOff(scope: TenantScope, { policy }: Tenant, job: VoidJob): Promise<VoidJob | undefined> {
  const { attemptsMax, failuresMax } = policy.code
  try {
    return await runJob({ ...scope, attemptsMax, failuresMax }, job, Date.now() + RUN_MS)
  } catch {
    // It has begun, and the queue goes on with it.
    return undefined
  }
}

function scopeOf(c: Context<OperatorEnv>, { id: tenantId, database }: Tenant): TenantScope {
  return { db: requireDatabase(c, database), tenantId, now: c.get('now') }
}

function actorOf(c: Context<OperatorEnv>): Actor {
  const sourceIp = c.req.header('CF-Connecting-IP') ?? 'unknown'
  const principal = c.get('principal')
  const accessId = principal.tag === 'person' ? principal.id : OPERATOR
  return { accessId, sourceIp, requestId: c.get('log').requestId }
}
