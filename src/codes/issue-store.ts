import { sql, type SQL, type SQLWrapper } from 'drizzle-orm'
import {
  eventIdOf,
  maskedOrNone,
  newBulkCall,
  recordAdminEvents,
  recordedOf,
  type BulkCall,
  type Recorded,
} from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import { PreparedBatch, type Orm, type Placeholders } from '../database/prepared-batch.ts'
import { adminEvents, jsonEach, resetCodes, users, type Channel } from '../database/schema.ts'
import { selectRow } from '../database/select-row.ts'
import {
  AWAITING,
  insertApprovals,
  isRuled,
  recordBrokenGlass,
  ruledCases,
  ruledMembers,
  supersedeApprovals,
  useVerifications,
  type DeskValues,
  type Ruled,
} from './desk-issue-store.ts'
import { runClaimed } from './idempotent-call-store.ts'
import {
  codeValues,
  EPOCH_OF_ISSUE,
  epochOf,
  isKeptLive,
  isNewestLive,
  joinCode,
  NO_CODE,
  type CodeScope,
  type CodeValues,
  type Liveness,
} from './code-store.ts'

export const ISSUE_REFUSALS = [
  'quarantined',
  'unknown',
  'disabled',
  'frozen',
  'high-risk',
  'locked',
  'unverified',
  'repeated',
] as const

/** Why an issue issued nothing to a user. */
export type IssueRefusal<Fault extends string> = (typeof ISSUE_REFUSALS)[number] | Fault

/** What became of an entry. */
export type IssueResult<Fault extends string> = 'issued' | typeof AWAITING | IssueRefusal<Fault>

/** One user of a bulk issue, and what to write about them. */
export type IssueEntry<Fault extends string> = Ruled & {
  /** Null when the input is not an address: it matches no user. */
  emailKey: string | null
  /** Why this entry is refused whoever the user is; null when it is not. */
  fault: Fault | 'repeated' | null
  /** Whether the guess budget starts anew: an administrator has the user before them. */
  isFreshStart: boolean
  /** Which way the code is to go; null where what was asked for is not understood. */
  channel: Channel | null
  /** The canonical address that is not the user's own, for the channel `custom`; null where it is no address. */
  customKey: string | null
  /** Whether a user at high risk is refused: the code would be seen by somebody else. */
  isRefusedAtRisk: boolean
  digest: string
  expiresAt: number
}

/**
 * How an issue overwrites a row that is there. Each kind of issue says itself what becomes of `failures`. A
 * reservation stays: a hook that is being asked may still set the password, and a void must say so (R3).
 *
 * | the newest code is  | of the same origin             | of the other origin     |
 * | ------------------- | ------------------------------ | ----------------------- |
 * | the new one         | supersedes it                  | keeps it, if it is live |
 * | and the kept one    | stays kept, if it is live      | is superseded           |
 *
 * A code that is kept keeps the attempts that were made, so that no issue gives a guesser new ones (G1).
 */
export function overwritten(given: Liveness) {
  const isOfOther = sql`(${resetCodes.origin} <> excluded.origin)`
  const epoch = EPOCH_OF_ISSUE
  const keeps = sql`iif(${isOfOther}, ${isNewestLive(given, epoch)}, ${isKeptLive(given, epoch)})`
  const kept = (newest: SQLWrapper, before: SQLWrapper, none: SQL) =>
    sql`CASE WHEN NOT ${keeps} THEN ${none} WHEN ${isOfOther} THEN ${newest} ELSE ${before} END`
  return {
    codeId: sql`excluded.code_id`,
    digest: sql`excluded.digest`,
    pepperId: sql`excluded.pepper_id`,
    issuedAt: sql`excluded.issued_at`,
    expiresAt: sql`excluded.expires_at`,
    origin: sql`excluded.origin`,
    keptCodeId: kept(resetCodes.codeId, resetCodes.keptCodeId, sql`''`),
    keptDigest: kept(resetCodes.digest, resetCodes.keptDigest, sql`''`),
    keptPepperId: kept(resetCodes.pepperId, resetCodes.keptPepperId, sql`''`),
    keptIssuedAt: kept(resetCodes.issuedAt, resetCodes.keptIssuedAt, sql`0`),
    keptExpiresAt: kept(resetCodes.expiresAt, resetCodes.keptExpiresAt, sql`0`),
    attempts: sql`iif(${keeps}, ${resetCodes.attempts}, 0)`,
    clientAttempts: sql`iif(${keeps}, ${resetCodes.clientAttempts}, '')`,
    endedAt: null,
    endedAs: null,
    voidedAt: null,
    epoch,
  }
}

/** Which way the code of an entry was to go, and whereto, masked: for refused entries too. */
const WAY = {
  channel: sql`entry.value->>3`,
  destination: sql`CASE entry.value->>3 WHEN 'EMAIL' THEN ${maskedOrNone(sql`entry.value->>0`)}
    WHEN 'custom' THEN ${maskedOrNone(sql`entry.value->>4`)} END`,
}

/**
 * Issues a code to every enabled user among the entries, over whatever code they had. A code is named
 * after the event of its issue: the audit leads to it.
 *
 * @param pepperId the pepper of the digests.
 * @param claimed what the transaction begins with, where the call may be repeated.
 */
export async function issueAll<Fault extends string, Entry extends IssueEntry<Fault>>(
  scope: CodeScope,
  actor: Actor,
  pepperId: string,
  entries: readonly Entry[],
  claimed: (eventIdPrefix: string) => D1PreparedStatement[] = () => [],
): Promise<Recorded<Entry, IssueResult<Fault>>[]> {
  const ruled = entries.some(isRuled)
  // Each statement gets only the values that it needs: sending lists is most of what a bulk call costs.
  const rows = entries.map((entry) => {
    const { emailKey, fault, isFreshStart, channel, customKey, isRefusedAtRisk } = entry
    const row = [emailKey, fault, Number(isFreshStart), channel, customKey, Number(isRefusedAtRisk)]
    return ruled ? [...row, ...ruledMembers(entry)] : row
  })
  const codes = entries.map(({ digest, expiresAt, isFreshStart }) => [
    digest,
    expiresAt,
    Number(isFreshStart),
  ])
  const call = newBulkCall(actor, scope.now, rows)
  const values = { ...codeValues(scope), ...call, pepperId, codes: JSON.stringify(codes) }
  const statements = ruled
    ? ruledStatements.statements(scope.db, { ...values, waiting: JSON.stringify(entries.map(waitingRow)) })
    : issueStatements.statements(scope.db, values)
  const [recorded] = await runClaimed(scope.db, claimed(call.eventIdPrefix), statements)
  const faults = entries.flatMap(({ fault }) => fault ?? [])
  return recordedOf(call, recorded, entries, ['issued', AWAITING, ...ISSUE_REFUSALS, ...faults])
}

type IssueValues = CodeValues & BulkCall & { pepperId: string; codes: string }

const issueStatements = new PreparedBatch<IssueValues>((orm, given) => {
  const frozen = sql`WHEN ${users.frozenUntil} > ${given.now} THEN 'frozen'`
  return [recordIssues(orm, given, { frozen, ruled: sql`` }), writeCodes(orm, given)]
})

const ruledStatements = new PreparedBatch<IssueValues & DeskValues>((orm, given) => [
  recordIssues(orm, given, ruledCases(given)),
  // Before what they look at is changed.
  recordBrokenGlass(given),
  writeCodes(orm, given),
  supersedeApprovals(given),
  insertApprovals(given),
  useVerifications(given),
])

function waitingRow({ emailKey, digest, waiting }: IssueEntry<string>) {
  return [emailKey, waiting?.ttlMs, digest, waiting?.sealed]
}

/** The statement that says in the audit what becomes of each entry. */
function recordIssues(
  orm: Orm,
  given: Placeholders<IssueValues>,
  { frozen, ruled }: { frozen: SQL; ruled: SQL },
) {
  const { tenantId, accessId } = given
  const failures = sql`coalesce(${resetCodes.failures}, 0)`
  // Its credential may be good for some seconds yet where it is not known to be revoked.
  const isQuarantined = sql`EXISTS (SELECT 1 FROM quarantines WHERE tenant_id = ${tenantId} AND access_id = ${accessId})`
  const result = sql`CASE WHEN ${isQuarantined} THEN 'quarantined' WHEN entry.value->>1 IS NOT NULL THEN entry.value->>1
    WHEN ${users.id} IS NULL THEN 'unknown' WHEN ${users.status} <> 'enabled' THEN 'disabled' ${frozen}
    WHEN entry.value->>5 AND ${users.highRiskAt} IS NOT NULL THEN 'high-risk'
    WHEN NOT entry.value->>2 AND ${failures} >= ${given.failuresMax} THEN 'locked' ${ruled} ELSE 'issued' END`
  return recordAdminEvents(orm, given, {
    action: 'generate',
    emailKey: sql`entry.value->>0`,
    result,
    join: joinCode(given),
    way: WAY,
  })
}

/** The statement that writes the codes of what was issued. */
function writeCodes(orm: Orm, given: Placeholders<IssueValues>) {
  const { tenantId, now, mode, pepperId, codes } = given
  const failures = sql`coalesce(${resetCodes.failures}, 0)`
  const row = {
    ...NO_CODE,
    userId: adminEvents.userId,
    mode,
    tenantId,
    codeId: adminEvents.id,
    digest: sql`entry.value->>0`,
    pepperId,
    issuedAt: now,
    expiresAt: sql`entry.value->>1`,
    failures: sql`iif(entry.value->>2, 0, ${failures})`,
    origin: sql`'issued'`,
    clientFailures: sql`iif(entry.value->>2, '', coalesce(${resetCodes.clientFailures}, ''))`,
    epoch: epochOf(tenantId, mode),
  }
  const source = sql`FROM ${jsonEach(codes)} entry CROSS JOIN ${adminEvents}
    ON ${adminEvents.tenantId} = ${tenantId} AND ${adminEvents.id} = ${eventIdOf(given, sql`entry.key`)}
    ${joinCode(given, adminEvents.userId)} WHERE ${adminEvents.result} = 'issued'`
  return orm
    .insert(resetCodes)
    .select(selectRow(resetCodes, row, source))
    .onConflictDoUpdate(overwriting(given))
}

/** How an issue by an administrator overwrites a row that is there. */
export function overwriting(given: Liveness) {
  return {
    target: [resetCodes.userId, resetCodes.mode],
    set: {
      ...overwritten(given),
      failures: sql`excluded.failures`,
      clientFailures: sql`excluded.client_failures`,
    },
  }
}
