import { sql, type SQL } from 'drizzle-orm'
import { PreparedBatch, rawStatement } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, resetCodes, users, type Channel, type CodeEnd } from '../database/schema.ts'
import type { CodeMode } from './code.ts'
import { freshVerification } from './desk-issue-store.ts'
import {
  codeValues,
  isKeptLive,
  isLive,
  isNewestLive,
  isOfEpoch,
  isReserved,
  joinCode,
  type CodeScope,
  type CodeValues,
} from './code-store.ts'

/** Statements that look at codes and change nothing. Each function is one round trip. */

/** What decides what a generate or a void would do to somebody; without `userId`, there is nobody. */
export type CodeFacts = {
  userId: string | null
  status: string | null
  isAtRisk: 0 | 1
  isFrozen: 0 | 1
  /** Whether whoever asks has a fresh verification of the user that is unused. */
  isVerified: 0 | 1
  failures: number
  /** Whether there has been a code at all. */
  hasCode: 0 | 1
  isLive: 0 | 1
  isReserved: 0 | 1
  endedAs: CodeEnd | null
  hasExpired: 0 | 1
  isVoided: 0 | 1
}

/** Of the user of each address, in their order; null for what is no address. */
export async function factsOf(
  scope: CodeScope,
  accessId: string,
  emailKeys: readonly (string | null)[],
): Promise<CodeFacts[]> {
  const values = { ...codeValues(scope), accessId, emailKeys: JSON.stringify(emailKeys) }
  const [found] = await factStatements.run(scope.db, values)
  return (found?.results ?? []) as CodeFacts[]
}

const factStatements = new PreparedBatch<CodeValues & { accessId: string; emailKeys: string }>((_, given) => [
  rawStatement(sql`SELECT ${users.id} AS userId, ${users.status} AS status,
    ${users.highRiskAt} IS NOT NULL AS isAtRisk, coalesce(${users.frozenUntil}, 0) > ${given.now} AS isFrozen,
    EXISTS (SELECT 1 ${freshVerification(given, users.id)}) AS isVerified, coalesce(${resetCodes.failures}, 0) AS failures,
    coalesce(${resetCodes.codeId}, '') <> '' AS hasCode, coalesce(${isLive(given)}, 0) AS isLive,
    ${isReserved(given)} AS isReserved, ${resetCodes.endedAs} AS endedAs,
    coalesce(${resetCodes.expiresAt}, 0) <= ${given.now} AS hasExpired, ${resetCodes.voidedAt} IS NOT NULL OR NOT ${isOfEpoch()} AS isVoided
    FROM ${jsonEach(given.emailKeys)} entry
    LEFT JOIN ${users} ON ${users.tenantId} = ${given.tenantId} AND ${users.emailKey} = entry.value
    ${joinCode(given)} ORDER BY entry.key`),
])

/** The codes of one user and mode: the newest, and the one that is kept beside it while both are live. */
export type CodeRow = {
  mode: CodeMode
  origin: 'asked' | 'issued' | null
  isNewestLive: 0 | 1
  isKeptLive: 0 | 1
  isReserved: 0 | 1
  issuedAt: number
  expiresAt: number
  keptIssuedAt: number
  keptExpiresAt: number
  attempts: number
  failures: number
  endedAt: number | null
  endedAs: CodeEnd | null
  voidedAt: number | null
  /** Whether all codes were voided since it was issued. */
  isVoidedWithAll: 0 | 1
  /** Who issued each, as the event of its issue has it: of a code that the user has asked for there is none. */
  issuedBy: string | null
  issuedByName: string | null
  channel: Channel | null
  destination: string | null
  keptIssuedBy: string | null
  keptIssuedByName: string | null
  keptChannel: Channel | null
  keptDestination: string | null
  voidedBy: string | null
  voidedByName: string | null
}

/** The codes of a user, and until when none is issued, since the user has reported one. */
export type UserCodes = { frozenUntil: number | null; rows: CodeRow[] }

/** @returns nothing where the tenant has no such user. */
export async function codesOfUser(
  { db, tenantId, now, attemptsMax, failuresMax }: Omit<CodeScope, 'mode'>,
  userId: string,
): Promise<UserCodes | undefined> {
  const values = { tenantId, now, attemptsMax, failuresMax, userId }
  const [found, rows] = await rowStatements.run(db, values)
  const [user] = (found?.results ?? []) as Pick<UserCodes, 'frozenUntil'>[]
  return user && { ...user, rows: rows?.results as CodeRow[] }
}

type RowValues = Omit<CodeValues, 'mode'> & { userId: string }

const rowStatements = new PreparedBatch<RowValues>((_, given) => {
  const { tenantId, userId } = given
  const { voidedAt, codeId, keptCodeId } = resetCodes
  const nameOf = (event: string) =>
    sql.raw(
      `(SELECT name FROM console_persons p WHERE p.tenant_id = ${event}.tenant_id AND p.id = ${event}.access_id)`,
    )
  const join = (event: string, id: SQL) =>
    sql`LEFT JOIN ${adminEvents} ${sql.raw(event)} ON ${sql.raw(event)}.tenant_id = ${tenantId} AND ${sql.raw(event)}.id = ${id}`
  return [
    rawStatement(
      sql`SELECT iif(${users.frozenUntil} > ${given.now}, ${users.frozenUntil}, NULL) AS frozenUntil FROM ${users}
        WHERE ${users.tenantId} = ${tenantId} AND ${users.id} = ${userId}`,
    ),
    rawStatement(sql`SELECT ${resetCodes.mode} AS mode, ${resetCodes.origin} AS origin,
      ${isNewestLive(given)} AS isNewestLive, ${isKeptLive(given)} AS isKeptLive, ${isReserved(given)} AS isReserved,
      ${resetCodes.issuedAt} AS issuedAt, ${resetCodes.expiresAt} AS expiresAt,
      ${resetCodes.keptIssuedAt} AS keptIssuedAt, ${resetCodes.keptExpiresAt} AS keptExpiresAt,
      ${resetCodes.attempts} AS attempts, ${resetCodes.failures} AS failures, ${resetCodes.endedAt} AS endedAt,
      ${resetCodes.endedAs} AS endedAs, ${voidedAt} AS voidedAt, NOT ${isOfEpoch()} AS isVoidedWithAll,
      issue.access_id AS issuedBy, ${nameOf('issue')} AS issuedByName, issue.channel, issue.destination,
      kept.access_id AS keptIssuedBy, ${nameOf('kept')} AS keptIssuedByName, kept.channel AS keptChannel,
      kept.destination AS keptDestination, ending.access_id AS voidedBy, ${nameOf('ending')} AS voidedByName
      FROM ${resetCodes} ${join('issue', sql`${codeId}`)} ${join('kept', sql`${keptCodeId}`)}
      ${join(
        'ending',
        sql`(SELECT e.id FROM ${adminEvents} e WHERE e.tenant_id = ${tenantId} AND e.user_id = ${userId}
          AND e.id >= ${idsOf(sql`${voidedAt}`)} AND e.id < ${idsOf(sql`${voidedAt} + 1`)} ORDER BY e.id DESC LIMIT 1)`,
      )}
      WHERE ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.userId} = ${userId} AND ${codeId} <> ''
      ORDER BY ${resetCodes.mode}`),
  ]
})

/** Where the ids of the events of a millisecond begin: they are UUIDv7, see audit/admin-event.ts. */
function idsOf(at: SQL): SQL {
  return sql`substr(printf('%012x', ${at}), 1, 8) || '-' || substr(printf('%012x', ${at}), 9)`
}
