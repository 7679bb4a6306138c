import { sql, type SQL } from 'drizzle-orm'
import { PreparedBatch } from '../database/prepared-batch.ts'
import { jsonEach, resetCodes, users, type Channel, type CodeEnd } from '../database/schema.ts'
import type { CodeMode } from './code.ts'
import {
  codeValues,
  isKeptLive,
  isLive,
  isNewestLive,
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
export async function factsOf(scope: CodeScope, emailKeys: readonly (string | null)[]): Promise<CodeFacts[]> {
  const values = { ...codeValues(scope), emailKeys: JSON.stringify(emailKeys) }
  const [found] = await factStatements.run(scope.db, values)
  return (found?.results ?? []) as CodeFacts[]
}

const factStatements = new PreparedBatch<CodeValues & { emailKeys: string }>((orm, given) => [
  orm
    .select({
      userId: as(users.id, 'userId'),
      status: as(users.status, 'status'),
      isAtRisk: as(sql`${users.highRiskAt} IS NOT NULL`, 'isAtRisk'),
      failures: as(sql`coalesce(${resetCodes.failures}, 0)`, 'failures'),
      hasCode: as(sql`coalesce(${resetCodes.codeId}, '') <> ''`, 'hasCode'),
      isLive: as(sql`coalesce(${isLive(given)}, 0)`, 'isLive'),
      isReserved: as(isReserved(given), 'isReserved'),
      endedAs: as(resetCodes.endedAs, 'endedAs'),
      hasExpired: as(sql`coalesce(${resetCodes.expiresAt}, 0) <= ${given.now}`, 'hasExpired'),
      isVoided: as(sql`${resetCodes.voidedAt} IS NOT NULL`, 'isVoided'),
    })
    .from(
      sql`${jsonEach(given.emailKeys)} entry
        LEFT JOIN ${users} ON ${users.tenantId} = ${given.tenantId} AND ${users.emailKey} = entry.value
        ${joinCode(given)}`,
    )
    .orderBy(sql`entry.key`),
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

/** @returns nothing where the tenant has no such user. */
export async function codesOfUser(
  scope: Omit<CodeScope, 'mode'>,
  userId: string,
): Promise<CodeRow[] | undefined> {
  const { tenantId, now, attemptsMax, failuresMax } = scope
  const [found, rows] = await rowStatements.run(scope.db, { tenantId, now, attemptsMax, failuresMax, userId })
  return found?.results.length === 1 ? (rows?.results as CodeRow[]) : undefined
}

type RowValues = Omit<CodeValues, 'mode'> & { userId: string }

const rowStatements = new PreparedBatch<RowValues>((orm, given) => {
  const { tenantId, userId } = given
  const event = (alias: string, column: string) => sql.raw(`${alias}.${column}`)
  const nameOf = (alias: string) =>
    sql`(SELECT name FROM console_persons p WHERE p.tenant_id = ${tenantId} AND p.id = ${event(alias, 'access_id')})`
  const issue = (alias: string, code: SQL) =>
    sql`LEFT JOIN admin_events ${sql.raw(alias)} ON ${event(alias, 'tenant_id')} = ${tenantId} AND ${event(alias, 'id')} = ${code}`
  const { origin, issuedAt, expiresAt, keptIssuedAt, keptExpiresAt } = resetCodes
  return [
    orm
      .select({ id: users.id })
      .from(users)
      .where(sql`${users.tenantId} = ${tenantId} AND ${users.id} = ${userId}`),
    orm
      .select({
        mode: resetCodes.mode,
        origin: as(origin, 'origin'),
        isNewestLive: as(isNewestLive(given), 'isNewestLive'),
        isKeptLive: as(isKeptLive(given), 'isKeptLive'),
        isReserved: as(isReserved(given), 'isReserved'),
        issuedAt: as(issuedAt, 'issuedAt'),
        expiresAt: as(expiresAt, 'expiresAt'),
        keptIssuedAt: as(keptIssuedAt, 'keptIssuedAt'),
        keptExpiresAt: as(keptExpiresAt, 'keptExpiresAt'),
        attempts: as(resetCodes.attempts, 'attempts'),
        failures: as(resetCodes.failures, 'failures'),
        endedAt: as(resetCodes.endedAt, 'endedAt'),
        endedAs: as(resetCodes.endedAs, 'endedAs'),
        voidedAt: as(resetCodes.voidedAt, 'voidedAt'),
        ...issueColumns('issue', 'issuedBy', 'channel', 'destination'),
        ...issueColumns('kept_issue', 'keptIssuedBy', 'keptChannel', 'keptDestination'),
        issuedByName: as(nameOf('issue'), 'issuedByName'),
        keptIssuedByName: as(nameOf('kept_issue'), 'keptIssuedByName'),
        voidedBy: as(event('ending', 'access_id'), 'voidedBy'),
        voidedByName: as(nameOf('ending'), 'voidedByName'),
      })
      .from(
        sql`${resetCodes}
          ${issue('issue', sql`${resetCodes.codeId}`)}
          ${issue('kept_issue', sql`${resetCodes.keptCodeId}`)}
          LEFT JOIN admin_events ending ON ending.tenant_id = ${tenantId} AND ending.id = (
            SELECT id FROM admin_events e WHERE e.tenant_id = ${tenantId}
              AND e.id >= ${idsOf(sql`${resetCodes.voidedAt}`)} AND e.id < ${idsOf(sql`${resetCodes.voidedAt} + 1`)}
              AND e.user_id = ${userId} ORDER BY e.id DESC LIMIT 1)`,
      )
      .where(
        sql`${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.userId} = ${userId} AND ${resetCodes.codeId} <> ''`,
      )
      .orderBy(resetCodes.mode),
  ]
})

function issueColumns(alias: string, by: string, channel: string, destination: string) {
  return {
    [by]: as(sql.raw(`${alias}.access_id`), by),
    [channel]: as(sql.raw(`${alias}.channel`), channel),
    [destination]: as(sql.raw(`${alias}.destination`), destination),
  }
}

/** Where the ids of the events of a millisecond begin: they are UUIDv7, see audit/admin-event.ts. */
function idsOf(at: SQL): SQL {
  return sql`substr(printf('%012x', ${at}), 1, 8) || '-' || substr(printf('%012x', ${at}), 9)`
}

function as(column: SQL | (typeof resetCodes)['origin'] | object, name: string) {
  return sql`${column}`.as(name)
}
