import { findJob } from '../codes/void-many-store.ts'
import { databaseBinding } from '../config.ts'
import { faultName, writeEvent } from '../log.ts'
import { tenantOfId } from '../tenants/catalogue.ts'
import { pokeWebhooks } from '../webhooks/poke.ts'
import { RUN_MS, runJob, type JobMessage } from './run-job.ts'

/** The queue of voids that are worked off. */
export const JOBS = 'rescind-jobs'

/**
 * The consumer of jobs. Those of one tenant share the time of one run, and tenants neither wait nor fail for each
 * other. What is not done then goes to the end of the queue.
 */
export async function consumeJobs({ messages }: MessageBatch, env: Env): Promise<void> {
  // Nobody but this service writes to its queues.
  const byTenant = Map.groupBy(messages, ({ body }) => (body as JobMessage).tenantId)
  const handled = [...byTenant.values()].map(async (some) => {
    for (const message of some) await handle(message, Date.now() + RUN_MS / some.length, env)
  })
  await Promise.all(handled)
}

async function handle(message: Message, end: number, env: Env): Promise<void> {
  const body = message.body as JobMessage
  try {
    const isLeft = await work(body, end, env)
    if (isLeft) await env.JOBS.send(body)
    message.ack()
  } catch (error) {
    writeEvent({ event: 'job', ...body, outcome: 'fault', fault: faultName(error) })
    message.retry()
  }
}

/** @returns whether there is more to do. */
async function work({ tenantId, jobId }: JobMessage, end: number, env: Env): Promise<boolean> {
  const tenant = await tenantOfId(env.DB, tenantId)
  if (tenant === undefined) return false
  const db = databaseBinding(env, tenant.database)
  if (db === undefined) throw new Error('the database binding of a tenant is missing')
  const job = await findJob({ db, tenantId, now: 0 }, jobId)
  if (job === null || job.ended_at !== null) return false
  const { attemptsMax, failuresMax } = tenant.policy.code
  const known = await runJob({ db, tenantId, attemptsMax, failuresMax }, job, end)
  if (known === undefined) return false
  const outcome = known.ended_at === null ? 'running' : 'done'
  writeEvent({ event: 'job', tenantId, jobId, outcome, voided: known.voided - job.voided })
  await pokeWebhooks(env.WEBHOOKS, tenant)
  return outcome === 'running'
}
