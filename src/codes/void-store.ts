import { sql, type SQL } from 'drizzle-orm'
import {
  isOfThisCall,
  newBulkCall,
  recordAdminEvents,
  recordedOf,
  type BulkCall,
  type Recorded,
} from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import { PreparedBatch, type Given, type Orm } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, resetCodes, users } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { runClaimed } from './idempotent-call-store.ts'
import {
  codeValues,
  EPOCH_OF_ISSUE,
  epochOf,
  isLive,
  isOfEpoch,
  isReserved,
  joinCode,
  NO_CODE,
  type CodeScope,
  type CodeValues,
  type Liveness,
} from './code-store.ts'

/** What a void did for one user, or why it found nothing to void. */
export type VoidResult = (typeof VOID_RESULTS)[number]

export const VOID_RESULTS = [
  'voided',
  'unknown',
  'disabled',
  'none',
  'redeemed',
  'expired',
  'voided-before',
  'in-use',
  'locked',
] as const

/**
 * Ends the live codes of every enabled user with one of the addresses, and marks every user as voided,
 * also the one without a code: what was asked for before and is still in a queue is never mailed then.
 *
 * @param emailKeys canonical addresses, each once; null for what is none.
 * @param claimed what the transaction begins with, where the call may be repeated.
 */
export async function voidAll(
  scope: CodeScope,
  actor: Actor,
  emailKeys: readonly (string | null)[],
  claimed: (eventIdPrefix: string) => D1PreparedStatement[] = () => [],
): Promise<Recorded<string | null, VoidResult>[]> {
  const call = newBulkCall(actor, scope.now, emailKeys)
  const statements = voidStatements.statements(scope.db, { ...codeValues(scope), ...call })
  const [recorded] = await runClaimed(scope.db, claimed(call.eventIdPrefix), statements)
  return recordedOf(call, recorded, emailKeys, VOID_RESULTS)
}

const voidStatements = new PreparedBatch<CodeValues & BulkCall>((orm, given) => {
  const { tenantId, mode, now } = given
  const epoch = epochOf(tenantId, mode)
  // The event says what the update beside it is about to do: same predicate, same transaction.
  const result = sql`CASE WHEN ${users.id} IS NULL THEN 'unknown'
    WHEN ${users.status} <> 'enabled' THEN 'disabled'
    WHEN coalesce(${resetCodes.codeId}, '') = '' THEN 'none'
    WHEN ${isEndable(given, epoch)} THEN 'voided'
    WHEN ${isLive(given, epoch)} THEN 'in-use'
    WHEN ${resetCodes.endedAs} = 'voided' THEN 'voided-before'
    WHEN ${resetCodes.endedAs} IS NOT NULL THEN ${resetCodes.endedAs}
    WHEN ${resetCodes.expiresAt} <= ${given.now} THEN 'expired'
    WHEN ${resetCodes.voidedAt} IS NOT NULL OR NOT ${isOfEpoch(epoch)} THEN 'voided-before'
    ELSE 'locked' END`
  const row = { ...NO_CODE, userId: adminEvents.userId, mode, tenantId, voidedAt: now, epoch }
  const source = sql`FROM ${adminEvents}
    WHERE ${isOfThisCall(given)} AND ${adminEvents.result} NOT IN ('unknown', 'disabled')`
  return [
    recordAdminEvents(orm, given, {
      action: 'void',
      emailKey: sql`entry.value`,
      result,
      join: joinCode(given),
    }),
    orm
      .insert(resetCodes)
      .select(selectRow(resetCodes, row, source))
      .onConflictDoUpdate(endLive(given, EPOCH_OF_ISSUE)),
  ]
})

/**
 * The statement that voids the codes of one user, of every mode, as {@link voidAll} does: for a user who is
 * disabled or leaves.
 *
 * @param only when alone they are.
 */
export function voidCodesOf(
  orm: Orm,
  given: Liveness & Given<{ tenantId: string }>,
  userId: string,
  only: SQL,
) {
  return voidCodesOfAll(
    orm,
    given,
    sql`(SELECT ${users.id} AS id FROM ${users}
    WHERE ${users.tenantId} = ${given.tenantId} AND ${users.id} = ${userId} AND ${only})`,
  )
}

/**
 * {@link voidCodesOf} for several users.
 *
 * @param whose a table expression with the ids of the users as `id`.
 */
export function voidCodesOfAll(orm: Orm, given: Liveness & Given<{ tenantId: string }>, whose: SQL) {
  const { tenantId, now } = given
  const row = {
    ...NO_CODE,
    userId: sql`whose.id`,
    mode: sql`mode.value`,
    tenantId: sql`${tenantId}`,
    voidedAt: now,
    epoch: epochOf(sql`${tenantId}`, sql`mode.value`),
  }
  const source = sql`FROM ${whose} whose CROSS JOIN ${jsonEach(sql.raw(`'["PASSWORD_RESET","ENROLLMENT"]'`))} mode WHERE 1`
  return orm
    .insert(resetCodes)
    .select(selectRow(resetCodes, row, source))
    .onConflictDoUpdate(endLive(given, EPOCH_OF_ISSUE))
}

/** A code that a void ends; one that is reserved is only marked, and ends when its hook has failed. */
export function isEndable(given: Liveness, epoch: SQL) {
  return sql`(${isLive(given, epoch)} AND NOT ${isReserved(given)})`
}

/** How a void changes a row that is there. */
function endLive(given: Liveness, epoch: SQL) {
  const { now } = given
  return {
    target: [resetCodes.userId, resetCodes.mode],
    set: {
      endedAt: sql`iif(${isEndable(given, epoch)}, ${now}, ${resetCodes.endedAt})`,
      endedAs: sql`iif(${isEndable(given, epoch)}, 'voided', ${resetCodes.endedAs})`,
      voidedAt: sql`${now}`,
    },
  }
}
