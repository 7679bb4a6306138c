import { tidyLogs } from './audit/event-log-store.ts'
import { databaseBinding } from './config.ts'
import { faultName, writeEvent } from './log.ts'
import { listTenants } from './tenants/tenant-store.ts'
import type { Tenant } from './tenants/tenant.ts'
import { purge } from './users/purge-store.ts'

const DAY_MS = 86_400_000
/** Tenants whose logs one run tidies: an invocation may make a thousand calls of D1, and a tenant takes one or more. */
const TENANTS_MAX = 400

/** What the cron trigger does: what is kept for a time is removed when it is over, and logs get their numbers. */
export async function maintain(controller: ScheduledController, env: Env): Promise<void> {
  const now = controller.scheduledTime
  const databases = Object.keys(env).filter((name) => databaseBinding(env, name) !== undefined)
  const jobs = databases.map((name) =>
    job('purge', name, () => purge(databaseBinding(env, name) as D1Database, now)),
  )
  jobs.push(job('logs', 'DB', () => tidyAll(env, now)))
  const areDone = await Promise.all(jobs)
  if (areDone.includes(false)) throw new Error('a part of the maintenance failed')
}

/** Runs one part and says what it did. The others go on when it fails. */
async function job(part: 'purge' | 'logs', database: string, run: () => Promise<number>): Promise<boolean> {
  try {
    writeEvent({ event: 'maintenance', part, database, removed: await run() })
    return true
  } catch (error) {
    writeEvent({ event: 'maintenance', part, database, removed: 0, fault: faultName(error) })
    return false
  }
}

async function tidyAll(env: Env, now: number): Promise<number> {
  let removed = 0
  for (const { id: tenantId, database, policy } of await someTenants(env.DB)) {
    const db = databaseBinding(env, database)
    if (db !== undefined) {
      removed += await tidyLogs({ db, tenantId, now }, policy.retention.eventsDays * DAY_MS)
    }
  }
  return removed
}

/** As many tenants as one run may take, from anywhere: where there are more, each has its turn by chance. */
async function someTenants(db: D1Database): Promise<Tenant[]> {
  const start = crypto.randomUUID().slice(0, 4)
  const behind = await listTenants(db, start, TENANTS_MAX)
  const before = behind.length < TENANTS_MAX ? await listTenants(db, '', TENANTS_MAX - behind.length) : []
  const known = new Set(behind.map(({ id }) => id))
  return [...behind, ...before.filter(({ id }) => !known.has(id))]
}
