import { drizzle } from 'drizzle-orm/d1'
import { purgeBudgets } from '../codes/budget-store.ts'
import { purgeDesk } from '../codes/desk-purge-store.ts'
import { purgeCalls } from '../codes/idempotent-call-store.ts'
import { purgeJobs } from '../codes/void-job-store.ts'
import { purgeSessions } from '../tenants/console-session-store.ts'
import { purgeAssertions } from '../tenants/oauth-client-store.ts'
import { purgeUsers } from './deleted-user-store.ts'

/** Rows that one statement removes, and statements that one run makes: what is left is for the next run. */
const BATCH = 500
const BATCHES_MAX = 20

/**
 * Removes what has been kept long enough from one database: users who are marked as deleted, wrong codes of users
 * who are gone, assertions and sessions that have expired, calls that may not be repeated any more, voids of many that were
 * done long ago, and what the desk has done with. In small batches, so that no request waits long behind one.
 *
 * @returns how many rows were removed.
 */
export async function purge(db: D1Database, now: number): Promise<number> {
  const orm = drizzle(db)
  let removed = (await purgeJobs(db, now, BATCH * BATCHES_MAX)) + (await purgeDesk(db, now, BATCH))
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const purged = await orm.batch([
      purgeUsers(orm, now, BATCH),
      purgeBudgets(orm, now, BATCH),
      purgeAssertions(orm, now, BATCH),
      purgeCalls(orm, now, BATCH),
      purgeSessions(orm, now, BATCH),
    ])
    removed += purged.reduce((sum, rows) => sum + rows.length, 0)
    if (purged.every((rows) => rows.length < BATCH)) break
  }
  return removed
}
