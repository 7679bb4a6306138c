import { and, eq, sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { eventIdOf, recordAdminEvents, runRecorded, type Recorded } from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import { sentEvent } from '../audit/user-event-store.ts'
import { CompiledBatch, slot } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, resetCodes, users } from '../database/schema.ts'
import { isLive, isReserved, joinCode, SCOPE_SLOTS, scopeValues, type Scope } from './code-store.ts'

/** The statements that issue codes, and that find out whether one may still be mailed. */

/** One user of a bulk issue, and what to write about them. */
export type IssueEntry = {
  /** Nothing when the input is not an address: it matches no user. */
  emailKey: string | null
  /** Why this entry is refused whoever the user is; nothing when it is not. */
  fault: string | null
  /** Whether the guess budget starts anew: an administrator has the user before them. */
  isFreshStart: boolean
  digest: string
  expiresAt: number
}

const overwrite = {
  codeId: sql`excluded.code_id`,
  digest: sql`excluded.digest`,
  pepperId: sql`excluded.pepper_id`,
  issuedAt: sql`excluded.issued_at`,
  expiresAt: sql`excluded.expires_at`,
  attempts: 0,
  endedAt: null,
  endedAs: null,
  voidedAt: null,
  reservationId: null,
  reservedUntil: null,
}

/**
 * Issues a code to every enabled user among the entries, over whatever code they had. A code is named
 * after the event of its issue: the audit leads to it.
 *
 * @param pepperId the pepper of the digests.
 */
export async function issue(
  scope: Scope,
  actor: Actor,
  pepperId: string,
  entries: readonly IssueEntry[],
): Promise<Recorded[]> {
  // Each statement gets what it needs and no more: lists are most of what a bulk call costs.
  const rows = entries.map(({ emailKey, fault, isFreshStart }) => [emailKey, fault, Number(isFreshStart)])
  const codes = entries.map(({ digest, expiresAt, isFreshStart }) => [
    digest,
    expiresAt,
    Number(isFreshStart),
  ])
  return runRecorded(issueStatements, scope, actor, rows, { pepperId, codes: JSON.stringify(codes) })
}

const issueStatements = new CompiledBatch(() => {
  const { db, tenantId, now, caps } = SCOPE_SLOTS
  const code = joinCode(SCOPE_SLOTS)
  const failures = sql`coalesce(${resetCodes.failures}, 0)`
  const result = sql`CASE WHEN entry.value->>1 IS NOT NULL THEN entry.value->>1
    WHEN ${users.id} IS NULL THEN 'unknown' WHEN ${users.status} <> 'enabled' THEN 'disabled'
    WHEN NOT entry.value->>2 AND ${failures} >= ${caps.failuresMax} THEN 'locked' ELSE 'issued' END`
  return [
    recordAdminEvents('generate', sql`entry.value->>0`, result, code),
    drizzle(db)
      .insert(resetCodes)
      .select(
        selectNew(
          SCOPE_SLOTS,
          adminEvents.userId,
          sql`${adminEvents.id}, entry.value->>0, ${slot('pepperId')}, ${now}, entry.value->>1, 0,
            iif(entry.value->>2, 0, ${failures})`,
          sql`${jsonEach(slot('codes'))} entry CROSS JOIN ${adminEvents}
            ON ${adminEvents.tenantId} = ${tenantId} AND ${adminEvents.id} = ${eventIdOf(sql`entry.key`)}
            ${joinCode(SCOPE_SLOTS, adminEvents.userId)} WHERE ${adminEvents.result} = 'issued'`,
        ),
      )
      .onConflictDoUpdate({
        target: [resetCodes.userId, resetCodes.mode],
        set: { ...overwrite, failures: sql`excluded.failures` },
      }),
  ]
})

/** A code that a user asked for, to be issued when its message is handled. */
export type AskedCode = {
  emailKey: string
  codeId: string
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
 * Issues the code that a user asked for, unless something newer has happened to the user's codes, and
 * says whether to mail it. Handling the same message twice issues once.
 */
export async function issueAsked(scope: Scope, asked: AskedCode): Promise<Deliverable> {
  const [, , found] = await askedStatements.run(scope.db, { ...scopeValues(scope), ...asked })
  return deliverableOf(found)
}

/** Whether a code that was issued already may still be mailed. */
export async function findDeliverable(scope: Scope, emailKey: string, codeId: string): Promise<Deliverable> {
  const [, found] = await deliverableStatements.run(scope.db, { ...scopeValues(scope), emailKey, codeId })
  return deliverableOf(found)
}

const emailKey = slot<string>('emailKey')
const codeId = slot<string>('codeId')

const askedStatements = new CompiledBatch(() => {
  const { db, tenantId, now, caps } = SCOPE_SLOTS
  const requestedAt = slot<number>('requestedAt')
  const expiresAt = slot<number>('expiresAt')
  return [
    drizzle(db)
      .insert(resetCodes)
      .select(
        selectNew(
          SCOPE_SLOTS,
          users.id,
          sql`${codeId}, ${slot('digest')}, ${slot('pepperId')}, ${now}, ${expiresAt}, 0, 0`,
          sql`${users} WHERE ${users.tenantId} = ${tenantId} AND ${users.emailKey} = ${emailKey}
            AND ${users.status} = 'enabled' AND ${expiresAt} > ${now}`,
        ),
      )
      .onConflictDoUpdate({
        target: [resetCodes.userId, resetCodes.mode],
        set: overwrite,
        setWhere: sql`${resetCodes.codeId} <> ${codeId} AND ${resetCodes.issuedAt} <= ${requestedAt}
          AND coalesce(${resetCodes.voidedAt}, 0) < ${requestedAt} AND ${resetCodes.failures} < ${caps.failuresMax}
          AND (coalesce(${resetCodes.endedAt}, 0) < ${requestedAt} OR ${resetCodes.endedAs} = 'locked')
          AND NOT ${isReserved(now)}`,
      }),
    sentEvent(SCOPE_SLOTS, emailKey, codeId),
    selectDeliverable(),
  ]
})

const deliverableStatements = new CompiledBatch(() => [
  sentEvent(SCOPE_SLOTS, emailKey, codeId),
  selectDeliverable(),
])

function selectNew({ tenantId, mode }: Scope, userId: SQLWrapper, columns: SQL, source: SQL): SQL {
  return sql`SELECT ${userId}, ${mode}, ${tenantId}, ${columns}, NULL, NULL, NULL, NULL, NULL, NULL FROM ${source}`
}

function selectDeliverable() {
  const { db, tenantId, mode, now, caps } = SCOPE_SLOTS
  return drizzle(db)
    .select({
      userId: sql`${users.id}`.as('userId'),
      email: users.email,
      userName: sql`${users.userName}`.as('userName'),
      attributes: users.attributes,
      expiresAt: sql`${resetCodes.expiresAt}`.as('expiresAt'),
      state: sql<string>`CASE WHEN ${resetCodes.codeId} = ${codeId} AND ${isLive(SCOPE_SLOTS)} THEN 'live'
        WHEN ${resetCodes.voidedAt} IS NOT NULL OR ${resetCodes.endedAs} = 'voided' THEN 'voided'
        WHEN ${resetCodes.failures} >= ${caps.failuresMax} THEN 'locked'
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
