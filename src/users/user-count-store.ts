import { eq, sql, type SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Orm } from '../database/prepared-batch.ts'
import { userCounts, users } from '../database/schema.ts'

/**
 * What the database keeps about how many users a tenant has: up to 256 blocks each. No statement here
 * reads more rows than those and the users of one block.
 */

export async function countUsers(db: D1Database, tenantId: string): Promise<number> {
  const [row] = await totalOf(drizzle(db), tenantId)
  return row?.total ?? 0
}

/** The statement that says how many users the tenant has. */
export function totalOf(orm: Orm, tenantId: string) {
  return orm
    .select({ total: sql<number>`coalesce(sum(${userCounts.users}), 0)` })
    .from(userCounts)
    .where(eq(userCounts.tenantId, tenantId))
}

/**
 * The id of the tenant's user behind so many others in the order of ids, as an expression; NULL where there
 * are not so many. Whole blocks are passed over by their counts, and only inside of one are ids counted.
 */
export function idBehind(tenantId: string, offset: number): SQL {
  const blocks = sql`SELECT block, users, sum(users) OVER (ORDER BY block) - users AS passed
    FROM ${userCounts} WHERE tenant_id = ${tenantId}`
  const start = sql`SELECT block, ${offset} - passed AS inside FROM (${blocks})
    WHERE passed <= ${offset} AND ${offset} < passed + users`
  return sql`(WITH start AS MATERIALIZED (${start}) SELECT id FROM ${users}
    WHERE tenant_id = ${tenantId} AND id >= (SELECT block FROM start)
    ORDER BY id LIMIT 1 OFFSET coalesce((SELECT inside FROM start), 0))`
}

/** The statement that forgets the counts of a tenant: before its users go, so that none of them is counted out. */
export function deleteCountsOf(orm: Orm, tenantId: string) {
  return orm.delete(userCounts).where(eq(userCounts.tenantId, tenantId))
}
