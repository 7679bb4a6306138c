import { drizzle } from 'drizzle-orm/d1'
import { purgeBudgets } from '../codes/budget-store.ts'
import { purgeUsers } from './deleted-user-store.ts'

/** Rows that one statement removes, and statements that one run makes: what is left is for the next run. */
const BATCH = 500
const BATCHES_MAX = 20

/**
 * Removes what has been kept long enough from one database: users who are marked as deleted, and wrong codes of
 * users who are gone. In small batches, so that no request waits long behind one.
 *
 * @returns how many rows were removed.
 */
export async function purge(db: D1Database, now: number): Promise<number> {
  const orm = drizzle(db)
  let removed = 0
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const [users, budgets] = await orm.batch([purgeUsers(orm, now, BATCH), purgeBudgets(orm, now, BATCH)])
    removed += users.length + budgets.length
    if (users.length < BATCH && budgets.length < BATCH) break
  }
  return removed
}
