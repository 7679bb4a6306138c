import { and, eq, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import type { Given, Orm } from '../database/prepared-batch.ts'
import { resetCodes, users } from '../database/schema.ts'
import type { TenantScope } from '../database/scope.ts'
import type { Row } from '../database/select-row.ts'
import type { Policy } from '../tenants/policy.ts'
import type { CodeMode } from './code.ts'

/**
 * What the statements about codes have in common. In all of them each function is one round trip: D1
 * runs a batch as one transaction, one at a time, so what is read in it still holds when it writes.
 */

/** At how many wrong codes a code, and a user's self-service, is locked. */
export type CodeCaps = Pick<Policy['code'], 'attemptsMax' | 'failuresMax'>

/** What the statements about codes of one mode are bound to. */
export type CodeScope = TenantScope & CodeCaps & { mode: CodeMode }

/** The values of a scope that statements are given when they run. */
export type CodeValues = Omit<CodeScope, 'db'>

export function codeValues({ tenantId, now, mode, attemptsMax, failuresMax }: CodeScope): CodeValues {
  return { tenantId, now, mode, attemptsMax, failuresMax }
}

/** What decides whether a code is live. */
export type Liveness = Given<CodeCaps & Pick<CodeScope, 'now'>>

/**
 * How often a tenant has voided all codes of a mode (S7). A code is stamped with it when it is issued, by the same
 * statement, and is dead once it has changed: by the order of commits, so that no clock has a say.
 */
export function epochOf(tenantId: SQLWrapper | string, mode: SQLWrapper | string): SQL {
  return sql`coalesce((SELECT e.epoch FROM void_epochs e WHERE e.tenant_id = ${tenantId} AND e.mode = ${mode}), 0)`
}

/** The epoch of the row of `reset_codes` that a statement is at, looked up for each row and each time it is named. */
const EPOCH_OF_ROW = epochOf(sql.raw('reset_codes.tenant_id'), sql.raw('reset_codes.mode'))
/** The same where an issue overwrites a row: what it would have inserted is of now. */
export const EPOCH_OF_ISSUE = sql.raw('excluded.epoch')

/**
 * A row with a code that may still be used, for a statement that has `reset_codes` in its FROM.
 *
 * @param epoch what the statement has at hand of {@link epochOf}, where it has.
 */
export function isLive(given: Liveness, epoch?: SQL): SQL {
  return sql`(${isOpen(given, epoch)} AND max(${resetCodes.expiresAt}, ${resetCodes.keptExpiresAt}) > ${given.now})`
}

/** Whether the code issued last may still be used. */
export function isNewestLive(given: Liveness, epoch?: SQL): SQL {
  return sql`(${isOpen(given, epoch)} AND ${resetCodes.expiresAt} > ${given.now})`
}

/** Whether the code that is kept beside it may still be used. */
export function isKeptLive(given: Liveness, epoch?: SQL): SQL {
  return sql`(${isOpen(given, epoch)} AND ${resetCodes.keptExpiresAt} > ${given.now})`
}

function isOpen({ attemptsMax, failuresMax }: Liveness, epoch?: SQL): SQL {
  return sql`(${resetCodes.endedAt} IS NULL AND ${resetCodes.voidedAt} IS NULL AND ${isOfEpoch(epoch)}
    AND ${resetCodes.attempts} < ${attemptsMax} AND ${resetCodes.failures} < ${failuresMax})`
}

/** Whether the codes of a row were issued since all were last voided. */
export function isOfEpoch(epoch = EPOCH_OF_ROW): SQL {
  return sql`(${resetCodes.epoch} = ${epoch})`
}

/**
 * Whether a password hook is being asked for the user, with this code or one that it has superseded: nobody
 * may redeem another meanwhile, so that one password at a time is set for a user.
 */
export function isReserved({ now }: Given<Pick<CodeScope, 'now'>>): SQL {
  return sql`(coalesce(${resetCodes.reservedUntil}, 0) > ${now})`
}

/** Joins the code of a user, if there is one. */
export function joinCode(
  { tenantId, mode }: Given<Pick<CodeScope, 'tenantId' | 'mode'>>,
  userId: SQLWrapper = users.id,
): SQL {
  return sql`LEFT JOIN ${resetCodes} ON ${resetCodes.userId} = ${userId}
    AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}`
}

/** The columns of a row for a user without a code. */
export const NO_CODE = {
  codeId: sql`''`,
  digest: sql`''`,
  pepperId: sql`''`,
  issuedAt: 0,
  expiresAt: 0,
  attempts: 0,
  failures: 0,
  endedAt: null,
  endedAs: null,
  voidedAt: null,
  reservationId: null,
  reservedUntil: null,
  verdict: null,
  origin: null,
  keptCodeId: sql`''`,
  keptDigest: sql`''`,
  keptPepperId: sql`''`,
  keptIssuedAt: 0,
  keptExpiresAt: 0,
  clientAttempts: sql`''`,
  clientFailures: sql`''`,
  epoch: 0,
} satisfies Partial<Row<typeof resetCodes>>

/** The statement that removes a user's codes and what is remembered of them. */
export function deleteCodesOf(orm: Orm, tenantId: string, userId: string, only: SQL) {
  return orm
    .delete(resetCodes)
    .where(and(eq(resetCodes.tenantId, tenantId), eq(resetCodes.userId, userId), only))
}

/** The user id of a tenant's decoy: the row that is judged where there is no code, so that every refusal writes the same. */
export function decoyId(tenantId: string): string {
  return `nobody:${tenantId}`
}

/** Lays the decoy of a new tenant. It has ended, so nothing ever matches it. */
export async function layDecoy(db: D1Database, tenantId: string): Promise<void> {
  const never = { digest: '', pepperId: '', codeId: '', issuedAt: 0, expiresAt: 0, endedAt: 0 }
  await drizzle(db)
    .insert(resetCodes)
    .values({ ...never, userId: decoyId(tenantId), tenantId, mode: 'PASSWORD_RESET' })
    .onConflictDoNothing()
}
