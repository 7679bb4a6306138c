import { and, eq, sql } from 'drizzle-orm'
import { maskAddress } from '../audit/admin-event-store.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, resetCodes, userEvents, users } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import { codeValues, isLive, isReserved, NO_CODE, type CodeScope, type CodeValues } from './code-store.ts'
import { OVERWRITTEN } from './issue-store.ts'

/** The statements that find out whether a code may still be mailed, and issue the one that a user asked for. */

/** A code that a user asked for, to be issued when its message is handled. */
export type AskedCode = {
  emailKey: string
  codeId: string
  digest: string
  pepperId: string
  /** When the user asked: a void or another code since then wins over this one. */
  requestedAt: number
  expiresAt: number
  /** The hash of the network that asked, for the event. */
  network: string | null
}

/** Whom a code may be mailed to, or why it may not be mailed any more. */
export type Deliverable =
  | { tag: 'live'; userId: string; email: string; userName: string; attributes: string; expiresAt: number }
  | { tag: 'dropped'; userId: string; reason: string }
  | { tag: 'nobody' }

/**
 * Issues the code that a user asked for, unless something newer has happened to the user's codes, and
 * says whether to mail it. Handling the same message twice issues once.
 */
export async function issueAsked(scope: CodeScope, asked: AskedCode): Promise<Deliverable> {
  const [, , found] = await askedStatements.run(scope.db, { ...codeValues(scope), ...asked })
  return deliverableOf(found)
}

/** Whether a code that was issued already may still be mailed. */
export async function findDeliverable(
  scope: CodeScope,
  emailKey: string,
  codeId: string,
): Promise<Deliverable> {
  const values = { ...codeValues(scope), emailKey, codeId, network: null }
  const [, found] = await deliverableStatements.run(scope.db, values)
  return deliverableOf(found)
}

type DeliverableValues = CodeValues & Pick<AskedCode, 'emailKey' | 'codeId' | 'network'>

const askedStatements = new PreparedBatch<CodeValues & AskedCode>((orm, given) => {
  const { tenantId, mode, now, failuresMax, emailKey, codeId, digest, pepperId } = given
  const { requestedAt, expiresAt } = given
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
  }
  const source = sql`FROM ${users} WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey}
    AND ${users.status} = 'enabled' AND ${expiresAt} > ${now}`
  return [
    orm
      .insert(resetCodes)
      .select(selectRow(resetCodes, row, source))
      .onConflictDoUpdate({
        target: [resetCodes.userId, resetCodes.mode],
        set: OVERWRITTEN,
        setWhere: sql`${resetCodes.codeId} <> ${codeId} AND ${resetCodes.issuedAt} <= ${requestedAt}
          AND coalesce(${resetCodes.voidedAt}, 0) < ${requestedAt} AND ${resetCodes.failures} < ${failuresMax}
          AND (coalesce(${resetCodes.endedAt}, 0) < ${requestedAt} OR ${resetCodes.endedAs} = 'locked')
          AND NOT ${isReserved(given)}`,
      }),
    recordSent(orm, given),
    selectDeliverable(orm, given),
  ]
})

const deliverableStatements = new PreparedBatch<DeliverableValues>((orm, given) => [
  recordSent(orm, given),
  selectDeliverable(orm, given),
])

/**
 * Records that a live code is on its way, once per code: what is not mailed was not sent. Which way the code of an
 * administrator goes, the event of its issue says, after which the code is named; any other goes to its user.
 */
function recordSent(orm: Orm, given: Placeholders<DeliverableValues>) {
  const { tenantId, mode, now, emailKey, codeId, network } = given
  const isAsked = sql`${adminEvents.id} IS NULL`
  const row = {
    tenantId,
    occurredAt: resetCodes.issuedAt,
    id: sql`'sent:' || ${codeId}`,
    userId: users.id,
    action: sql`'sent'`,
    reason: sql`''`,
    count: 1,
    lastAt: now,
    networks: network,
    channel: sql`iif(${isAsked}, 'EMAIL', ${adminEvents.channel})`,
    destination: sql`iif(${isAsked}, ${maskAddress(sql`${users.emailKey}`)}, ${adminEvents.destination})`,
  }
  const source = sql`FROM ${users} JOIN ${resetCodes} ON ${resetCodes.userId} = ${users.id}
      AND ${resetCodes.tenantId} = ${tenantId} AND ${resetCodes.mode} = ${mode}
    LEFT JOIN ${adminEvents} ON ${adminEvents.tenantId} = ${tenantId} AND ${adminEvents.id} = ${codeId}
    WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey}
      AND ${resetCodes.codeId} = ${codeId} AND ${isLive(given)}`
  return orm
    .insert(userEvents)
    .select(selectRow(userEvents, row, source))
    .onConflictDoNothing()
}

function selectDeliverable(orm: Orm, given: Placeholders<DeliverableValues>) {
  const { tenantId, mode, now, failuresMax, emailKey, codeId } = given
  return orm
    .select({
      userId: sql`${users.id}`.as('userId'),
      email: users.email,
      userName: sql`${users.userName}`.as('userName'),
      attributes: users.attributes,
      expiresAt: sql`${resetCodes.expiresAt}`.as('expiresAt'),
      state: sql`CASE WHEN ${resetCodes.codeId} = ${codeId} AND ${isLive(given)} THEN 'live'
        WHEN ${resetCodes.voidedAt} IS NOT NULL OR ${resetCodes.endedAs} = 'voided' THEN 'voided'
        WHEN ${resetCodes.failures} >= ${failuresMax} THEN 'locked'
        WHEN ${resetCodes.codeId} <> ${codeId} THEN 'superseded'
        WHEN ${resetCodes.expiresAt} <= ${now} THEN 'expired' ELSE coalesce(${resetCodes.endedAs}, 'locked') END`.as(
        'state',
      ),
    })
    .from(users)
    .innerJoin(
      resetCodes,
      and(eq(resetCodes.userId, users.id), eq(resetCodes.tenantId, tenantId), eq(resetCodes.mode, mode)),
    )
    .where(and(eq(users.tenantId, tenantId), eq(users.emailKey, emailKey), eq(users.status, 'enabled')))
}

type DeliverableRow = Omit<Extract<Deliverable, { tag: 'live' }>, 'tag'> & { state: string }

function deliverableOf(found: D1Result | undefined): Deliverable {
  const [row] = (found?.results ?? []) as DeliverableRow[]
  if (row === undefined) return { tag: 'nobody' }
  const { state, ...rest } = row
  return state === 'live' ? { tag: 'live', ...rest } : { tag: 'dropped', userId: rest.userId, reason: state }
}
