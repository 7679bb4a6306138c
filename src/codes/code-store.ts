import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { slot } from '../database/prepared-batch.ts'
import { resetCodes, users } from '../database/schema.ts'
import type { Policy } from '../tenants/policy.ts'
import type { CodeMode } from './code.ts'

/**
 * What the statements about codes have in common. In all of them each function is one round trip: D1
 * runs a batch as one transaction, one at a time, so what is read in it still holds when it writes.
 */

/** What all statements of one call are bound to. */
export type Scope = {
  db: D1Database
  tenantId: string
  mode: CodeMode
  caps: Pick<Policy['code'], 'attemptsMax' | 'failuresMax'>
  now: number
}

/** What stands for a scope in statements that are built before it is known. */
export const SCOPE_SLOTS: Scope = {
  db: slot('db'),
  tenantId: slot('tenantId'),
  mode: slot('mode'),
  caps: { attemptsMax: slot('attemptsMax'), failuresMax: slot('failuresMax') },
  now: slot('now'),
}

/** The values for {@link SCOPE_SLOTS}. */
export function scopeValues({ tenantId, mode, caps, now }: Scope) {
  return { tenantId, mode, attemptsMax: caps.attemptsMax, failuresMax: caps.failuresMax, now }
}

/** A code that may still be used, for a statement that has `reset_codes` in its FROM. */
export function isLive({ caps, now }: Pick<Scope, 'caps' | 'now'>): SQL {
  return sql`(${resetCodes.endedAt} IS NULL AND ${resetCodes.voidedAt} IS NULL
    AND ${resetCodes.expiresAt} > ${now} AND ${resetCodes.attempts} < ${caps.attemptsMax}
    AND ${resetCodes.failures} < ${caps.failuresMax})`
}

/** A code whose redeem waits for a password hook: nobody else may take it meanwhile. */
export function isReserved(now: number): SQL {
  return sql`(coalesce(${resetCodes.reservedUntil}, 0) > ${now})`
}

/** Joins the user with a canonical address. */
export function joinUser(tenantId: string, emailKey: SQL): SQL {
  return sql`${users} ON ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey}`
}

/** Joins the code of a user, if there is one. */
export function joinCode({ tenantId, mode }: Scope, userId: SQLWrapper = users.id): SQL {
  return sql`LEFT JOIN ${resetCodes} ON ${resetCodes.userId} = ${userId}
    AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}`
}

/** The row that stands in where there is no code, so that every refusal writes the same. */
export function standInId(tenantId: string): string {
  return `nobody:${tenantId}`
}

/** Lays the stand-in row of a new tenant. It has ended, so nothing ever matches it. */
export async function layStandIn(db: D1Database, tenantId: string): Promise<void> {
  const never = { digest: '', pepperId: '', codeId: '', issuedAt: 0, expiresAt: 0, endedAt: 0 }
  await drizzle(db)
    .insert(resetCodes)
    .values({ ...never, userId: standInId(tenantId), tenantId, mode: 'PASSWORD_RESET' })
    .onConflictDoNothing()
}
