import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { VoidedMany } from '../codes/void-many.ts'
import { jobRecord, OPEN_JOBS_MAX } from '../codes/void-many-store.ts'
import { voidRequestOf, voidSchema, type VoidRequest } from '../codes/void-request.ts'
import { checkMembers } from '../invalid-member.ts'
import type { JobMessage } from '../jobs/run-job.ts'
import { faultName, writeEvent } from '../log.ts'
import { readJson } from './body.ts'
import { InvalidMembers } from './problem.ts'

/** What the admin API and the operator API share of voids of many codes. */

/** @throws {HTTPException} 400 naming what is wrong. */
export async function readVoid(c: Context, now: number): Promise<VoidRequest> {
  const checked = checkMembers(voidSchema, await readJson(c))
  if (checked.tag === 'invalid') throw new InvalidMembers(checked.errors)
  const request = voidRequestOf(checked.output, now)
  if (request.tag === 'wrong') throw new HTTPException(400, { message: request.problem })
  return request
}

/**
 * What a void is answered with; a job that is not done yet is worked off from the queue.
 *
 * @throws {HTTPException} 409 where there are too many of them.
 */
export async function answerOf(env: Env, tenantId: string, voided: VoidedMany) {
  switch (voided.tag) {
    case 'all':
      return { status: 200, body: { scope: 'all', voidedAt: new Date(voided.at).toISOString() } } as const
    case 'too-many':
      throw new HTTPException(409, {
        message: `${OPEN_JOBS_MAX} of your voids are not done yet, which is the most. Wait for one of them.`,
      })
    case 'begun': {
      const { job } = voided
      if (job.ended_at === null) await sendJob(env, tenantId, job.id)
      return { status: 202, body: jobRecord(job) } as const
    }
  }
}

export async function sendJob(env: Env, tenantId: string, jobId: string): Promise<void> {
  try {
    await env.JOBS.send({ tenantId, jobId } satisfies JobMessage)
  } catch (error) {
    // The cron trigger finds it.
    writeEvent({ event: 'job', tenantId, jobId, outcome: 'lost', fault: faultName(error) })
  }
}
