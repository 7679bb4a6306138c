import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { UNNUMBERED } from '../audit/event-number.ts'
import { maskAddress } from '../audit/admin-event-store.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, resetCodes, userEvents, users } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import type { CodeMode } from './code.ts'
import {
  epochOf,
  isKeptLive,
  isNewestLive,
  isOfEpoch,
  isReserved,
  joinCode,
  NO_CODE,
  type CodeScope,
  type CodeValues,
  type Liveness,
} from './code-store.ts'
import { overwritten } from './issue-store.ts'

/** The statements that find out whether codes may still be mailed, and issue those that users asked for. */

/** A code to be mailed, if it may still be. */
export type QueuedCode = {
  emailKey: string
  mode: CodeMode
  codeId: string
  /** The hash of the network that asked, for the event; null where an administrator did. */
  network: string | null
  /** What to issue it with, where a user asked for it: it is issued when its message is handled. */
  asked?: AskedCode
}

export type AskedCode = {
  digest: string
  pepperId: string
  /** When the user asked: a void or another code since then wins over this one. */
  requestedAt: number
  expiresAt: number
}

/** Whom a code may be mailed to, or why it may not be mailed any more. */
export type Deliverable =
  | { tag: 'live'; userId: string; email: string; userName: string; attributes: string; expiresAt: number }
  | { tag: 'dropped'; userId: string; reason: string }
  | { tag: 'nobody' }

/**
 * Issues the codes that users asked for, unless something newer has happened to a user's codes, and says
 * of each code whether to mail it. Handling the same message twice issues once; of several codes for one
 * user the one that was asked for last wins.
 *
 * @returns every code with its answer, in their order.
 */
export async function findDeliverables<Code extends QueuedCode>(
  { db, ...caps }: Omit<CodeScope, 'mode'>,
  codes: readonly Code[],
): Promise<{ code: Code; deliverable: Deliverable }[]> {
  const asked = codes.flatMap(({ emailKey, codeId, asked }) =>
    asked === undefined
      ? []
      : [[emailKey, codeId, asked.digest, asked.pepperId, asked.requestedAt, asked.expiresAt]],
  )
  const queued = codes.map(({ emailKey, mode, codeId, network, asked }) => [
    emailKey,
    mode,
    codeId,
    network,
    asked?.requestedAt ?? null,
  ])
  const results = await db.batch([
    ...(asked.length > 0 ? askedStatements.statements(db, { ...caps, asked: JSON.stringify(asked) }) : []),
    ...queuedStatements.statements(db, { ...caps, queued: JSON.stringify(queued) }),
  ])
  const rows = (results.at(-1)?.results ?? []) as DeliverableRow[]
  const rowOf = new Map(rows.map((row) => [row.nth, row]))
  return codes.map((code, nth) => ({ code, deliverable: deliverableOf(rowOf.get(nth)) }))
}

type BatchValues = Omit<CodeValues, 'mode'>

const askedStatements = new PreparedBatch<BatchValues & { asked: string }>((orm, given) => {
  const { tenantId, now, failuresMax, asked } = given
  const [emailKey, codeId, digest, pepperId] = [member(0), member(1), member(2), member(3)]
  const [requestedAt, expiresAt] = [member(4), member(5)]
  const mode = 'PASSWORD_RESET'
  const row = {
    ...NO_CODE,
    userId: users.id,
    mode,
    tenantId,
    codeId,
    digest,
    pepperId,
    issuedAt: now,
    expiresAt,
    origin: sql`'asked'`,
    epoch: epochOf(tenantId, mode),
  }
  // Who had the address before asked for no code of who has it now.
  // What is asked for last comes last, and so overwrites what the same user asked for before it.
  const source = sql`FROM ${jsonEach(asked)} entry CROSS JOIN ${users}
    ON ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey} AND ${users.status} = 'enabled'
      AND ${users.createdAt} <= ${requestedAt}
    ${joinCode({ tenantId, mode })}
    WHERE ${expiresAt} > ${now} AND ${requestedAt} > ${askedUntil(given, mode)} AND (${resetCodes.userId} IS NULL
      OR ${codeId} NOT IN (${resetCodes.codeId}, ${resetCodes.keptCodeId}) AND ${resetCodes.issuedAt} <= ${requestedAt}
        AND coalesce(${resetCodes.voidedAt}, 0) < ${requestedAt} AND ${resetCodes.failures} < ${failuresMax}
        AND (coalesce(${resetCodes.endedAt}, 0) < ${requestedAt} OR ${resetCodes.endedAs} = 'locked')
        AND NOT ${isReserved(given)})
    ORDER BY ${requestedAt}`
  return [
    orm
      .insert(resetCodes)
      .select(selectRow(resetCodes, row, source))
      .onConflictDoUpdate({ target: [resetCodes.userId, resetCodes.mode], set: overwritten(given) }),
  ]
})

/**
 * Until when nothing that was asked for is issued any more, since all codes were voided: 0 where they never were. By
 * the clock, as of every void, since what is not issued has no epoch.
 */
function askedUntil({ tenantId }: Placeholders<Pick<BatchValues, 'tenantId'>>, mode: CodeMode | SQL): SQL {
  return sql`coalesce((SELECT v.asked_until FROM void_epochs v WHERE v.tenant_id = ${tenantId}
    AND v.mode = ${mode}), 0)`
}

type QueuedValues = BatchValues & { queued: string }

const queuedStatements = new PreparedBatch<QueuedValues>((orm, given) => [
  recordSent(orm, given),
  selectDeliverables(orm, given),
])

/** A member of an entry, which is a list. In parentheses, since `->>` binds no tighter than `||`. */
function member(index: number): SQL {
  return sql`(entry.value->>${sql.raw(String(index))})`
}

/** Every queued code with its user and the user's code of its mode. */
function joinQueued({ tenantId, queued }: Placeholders<QueuedValues>, join = sql`CROSS JOIN`): SQL {
  return sql`${jsonEach(queued)} entry CROSS JOIN ${users}
      ON ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${member(0)}
    ${join} ${resetCodes} ON ${resetCodes.userId} = ${users.id}
      AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${member(1)}`
}

/** Whether this code may still be used, whether it is the user's newest or the one kept beside it. */
function isThisLive(given: Liveness, codeId: SQL): SQL {
  return sql`(${resetCodes.codeId} = ${codeId} AND ${isNewestLive(given)}
    OR ${resetCodes.keptCodeId} = ${codeId} AND ${isKeptLive(given)})`
}

/** A value of this code. */
function ofThis(codeId: SQL, newest: SQLWrapper, kept: SQLWrapper): SQL {
  return sql`iif(${resetCodes.codeId} = ${codeId}, ${newest}, ${kept})`
}

/**
 * Records that a live code is on its way, once per code: what is not mailed was not sent. Which way the code of an
 * administrator goes, the event of its issue says, after which the code is named; any other goes to its user.
 */
function recordSent(orm: Orm, given: Placeholders<QueuedValues>) {
  const { tenantId, now } = given
  const codeId = member(2)
  const isAsked = sql`${adminEvents.id} IS NULL`
  const row = {
    tenantId,
    occurredAt: ofThis(codeId, resetCodes.issuedAt, resetCodes.keptIssuedAt),
    id: sql`'sent:' || ${codeId}`,
    userId: users.id,
    action: sql`'sent'`,
    reason: sql`''`,
    count: 1,
    lastAt: now,
    networks: member(3),
    channel: sql`iif(${isAsked}, 'EMAIL', ${adminEvents.channel})`,
    destination: sql`iif(${isAsked}, ${maskAddress(sql`${users.emailKey}`)}, ${adminEvents.destination})`,
    ...UNNUMBERED,
  }
  const source = sql`FROM ${joinQueued(given)}
    LEFT JOIN ${adminEvents} ON ${adminEvents.tenantId} = ${tenantId} AND ${adminEvents.id} = ${codeId}
    WHERE ${isThisLive(given, codeId)}`
  return orm
    .insert(userEvents)
    .select(selectRow(userEvents, row, source))
    .onConflictDoNothing()
}

function selectDeliverables(orm: Orm, given: Placeholders<QueuedValues>) {
  const { now, failuresMax } = given
  const codeId = member(2)
  const expiresAt = ofThis(codeId, resetCodes.expiresAt, resetCodes.keptExpiresAt)
  // Who had no code before, and has asked for one before all were voided, has no row.
  const isAskedTooEarly = sql`${member(4)} <= ${askedUntil(given, member(1))}`
  const state = sql`CASE WHEN ${isThisLive(given, codeId)} THEN 'live'
    WHEN ${resetCodes.voidedAt} IS NOT NULL OR ${resetCodes.endedAs} = 'voided' OR NOT ${isOfEpoch()}
      OR ${isAskedTooEarly} THEN 'voided'
    WHEN ${resetCodes.failures} >= ${failuresMax} THEN 'locked'
    WHEN ${codeId} NOT IN (${resetCodes.codeId}, ${resetCodes.keptCodeId}) THEN 'superseded'
    WHEN ${expiresAt} <= ${now} THEN 'expired' ELSE coalesce(${resetCodes.endedAs}, 'locked') END`
  // Nested, since Drizzle drops the tables' names from the columns of a SELECT from what it takes for one.
  const found = sql`(SELECT entry.key AS nth, ${users.id} AS "userId", ${users.email} AS email,
    ${users.userName} AS "userName", ${users.attributes} AS attributes, ${expiresAt} AS "expiresAt",
    ${state} AS state FROM ${joinQueued(given, sql`LEFT JOIN`)} WHERE ${users.status} = 'enabled'
      AND (${resetCodes.userId} IS NOT NULL OR ${isAskedTooEarly}))`
  const columns = ['nth', 'userId', 'email', 'userName', 'attributes', 'expiresAt', 'state']
  return orm
    .select(Object.fromEntries(columns.map((name) => [name, sql`${sql.identifier(name)}`.as(name)])))
    .from(found)
}

type DeliverableRow = Omit<Extract<Deliverable, { tag: 'live' }>, 'tag'> & { nth: number; state: string }

function deliverableOf(row: DeliverableRow | undefined): Deliverable {
  if (row === undefined) return { tag: 'nobody' }
  const { nth: _, state, ...rest } = row
  return state === 'live' ? { tag: 'live', ...rest } : { tag: 'dropped', userId: rest.userId, reason: state }
}
