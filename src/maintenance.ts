import { tidyLogs } from './audit/event-log-store.ts'
import { stalledJobs } from './codes/void-job-store.ts'
import { databaseBinding } from './config.ts'
import type { JobMessage } from './jobs/run-job.ts'
import { faultName, writeEvent } from './log.ts'
import { tenantsOfTurn } from './tenants/tenant-store.ts'
import type { Tenant } from './tenants/tenant.ts'
import { purge } from './users/purge-store.ts'
import { sendPoke } from './webhooks/poke.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/**
 * Tenants whose logs one run tidies, and calls of the database for that: an invocation may make a thousand calls, and a
 * tenant may take one to wake its webhooks. Where there are more tenants, the runs of the next hours take the others.
 */
const TENANTS_MAX = 400
const TIDY_CALLS_MAX = 500
/** Messages that one call of a queue takes. */
const RESUMED_MAX = 100

/** What the cron trigger does: what is kept for a time is removed when it is over, and logs get their numbers. Webhooks are looked at. */
export async function maintain(controller: ScheduledController, env: Env): Promise<void> {
  const now = controller.scheduledTime
  const databases = Object.keys(env).filter((name) => databaseBinding(env, name) !== undefined)
  const jobs = databases.map((name) =>
    job('purge', name, () => purge(databaseBinding(env, name) as D1Database, now)),
  )
  jobs.push(...databases.map((name) => job('jobs', name, () => resumeJobs(env, name, now))))
  jobs.push(job('logs', 'DB', () => tidyAll(env, now)))
  const areDone = await Promise.all(jobs)
  if (areDone.includes(false)) throw new Error('a part of the maintenance failed')
}

/** Runs one part and says what it did. The others go on when it fails. */
async function job(
  part: 'purge' | 'jobs' | 'logs',
  database: string,
  run: () => Promise<number>,
): Promise<boolean> {
  try {
    writeEvent({ event: 'maintenance', part, database, removed: await run() })
    return true
  } catch (error) {
    writeEvent({ event: 'maintenance', part, database, removed: 0, fault: faultName(error) })
    return false
  }
}

/** Puts those jobs of a database on their way again whose message is lost. What is left is for the next run. */
async function resumeJobs(env: Env, name: string, now: number): Promise<number> {
  const jobs = await stalledJobs(databaseBinding(env, name) as D1Database, now, RESUMED_MAX)
  const messages = jobs.map(({ tenant_id: tenantId, id: jobId }) => ({
    body: { tenantId, jobId } satisfies JobMessage,
  }))
  if (messages.length > 0) await env.JOBS.sendBatch(messages)
  return messages.length
}

/**
 * Every tenant of the turn has one call, and those with more to do share the others: whose logs are long keeps nobody
 * from their turn.
 *
 * @throws what the last of the tenants threw that could not be served; all others are.
 */
async function tidyAll(env: Env, now: number): Promise<number> {
  const tenants = await tenantsOfTurn(env.DB, Math.floor(now / HOUR_MS), TENANTS_MAX)
  for (const { id, hasWebhooks } of tenants) {
    // For what was not told: a poke was lost, or an event has got its number late.
    if (hasWebhooks) await sendPoke(env.WEBHOOKS, id, 0)
  }
  let removed = 0
  let fault: unknown
  let calls = 0
  for (let open = tenants; open.length > 0 && calls < TIDY_CALLS_MAX;) {
    const unfinished: Tenant[] = []
    for (const tenant of open.slice(0, TIDY_CALLS_MAX - calls)) {
      const db = databaseBinding(env, tenant.database)
      if (db === undefined) continue
      calls += 1
      try {
        const scope = { db, tenantId: tenant.id, now }
        const tidied = await tidyLogs(scope, tenant.policy.retention.eventsDays * DAY_MS)
        removed += tidied.removed
        if (tidied.hasMore) unfinished.push(tenant)
      } catch (error) {
        fault = error
      }
    }
    open = unfinished
  }
  if (fault !== undefined) throw fault
  return removed
}
