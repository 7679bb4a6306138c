import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

/**
 * The tables of the safe desk, beside the users that they are about: in the database of the tenant. Statements name them
 * in SQL alone: so they are no part of the Worker.
 */

/**
 * Who has proved to whom that they are the caller. `verifier_id` is the `principal.id` of whoever asked for the proof.
 * It is good for one code of this user by this verifier: then `used_at` is set, and `used_for` is the event of that
 * code. WITHOUT ROWID.
 */
export const deskVerifications = sqliteTable(
  'desk_verifications',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    userId: text('user_id').notNull(),
    verifierId: text('verifier_id').notNull(),
    status: text({ enum: ['pending', 'verified', 'cancelled', 'failed', 'expired'] }).notNull(),
    /** How the caller proves it. */
    method: text().notNull().default(''),
    /** Of the digits that the caller reads out, keyed. */
    codeDigest: text('code_digest').notNull().default(''),
    attempts: integer().notNull().default(0),
    startedAt: integer('started_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    verifiedAt: integer('verified_at'),
    usedAt: integer('used_at'),
    usedFor: text('used_for'),
    /** What the caller is told that the verifier is called. */
    verifierName: text('verifier_name').notNull().default(''),
    /** Of the link that the caller opens, keyed. */
    linkDigest: text('link_digest').notNull().default(''),
    /** Of the newest code that the caller was sent, keyed; empty where there is none, or once it was entered. */
    proofDigest: text('proof_digest').notNull().default(''),
    proofSentAt: integer('proof_sent_at').notNull().default(0),
    proofsSent: integer('proofs_sent').notNull().default(0),
    /** Wrong codes that were entered behind the link, over all that were sent. */
    proofFailures: integer('proof_failures').notNull().default(0),
    /** When the caller last showed who they are, and got digits. */
    provedAt: integer('proved_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('desk_verifications_by_link')
      .on(table.tenantId, table.linkDigest)
      .where(sql`link_digest <> ''`),
    index('desk_verifications_by_user').on(table.tenantId, table.userId, table.expiresAt),
    index('desk_verifications_by_time').on(table.expiresAt),
  ],
)

/**
 * Codes that a second person has to approve. The id is that of the event by which the first one asked. The code is drawn
 * by then, and kept for the first one alone: sealed, and gone once the request has ended. WITHOUT ROWID.
 */
export const deskApprovals = sqliteTable(
  'desk_approvals',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    userId: text('user_id').notNull(),
    /** The address that the digest is bound to: with another one, the request is void. */
    emailKey: text('email_key').notNull(),
    mode: text({ enum: ['PASSWORD_RESET', 'ENROLLMENT'] }).notNull(),
    channel: text({ enum: ['DISPLAY', 'EMAIL', 'custom'] }).notNull(),
    /** The address that the code would be mailed to, masked; nothing for a code that is shown. */
    destination: text(),
    /** For how long the code is valid from when it is collected. */
    ttlMs: integer('ttl_ms').notNull(),
    digest: text().notNull(),
    pepperId: text('pepper_id').notNull(),
    /** JWE of the code and what was asked for; empty when the request has ended. */
    sealed: text().notNull(),
    /** `principal.id` of the first person. */
    requestedBy: text('requested_by').notNull(),
    requestedAt: integer('requested_at').notNull(),
    /** As of a code: a void of everything ends what was asked for before it (S7). */
    epoch: integer().notNull().default(0),
    /** Until when it can be decided; once it is approved, until when it can be collected. */
    expiresAt: integer('expires_at').notNull(),
    status: text({
      enum: ['pending', 'approved', 'declined', 'collected', 'expired', 'superseded', 'voided'],
    }).notNull(),
    /** `principal.id` of the second person, and the event of what they decided. */
    decidedBy: text('decided_by'),
    decidedAt: integer('decided_at'),
    decisionId: text('decision_id'),
    /** The event of the code, after which it is named. */
    codeId: text('code_id'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    /** What waits for somebody, in its order. */
    index('desk_approvals_open')
      .on(table.tenantId, table.id)
      .where(sql`status IN ('pending', 'approved')`),
    /** The same by user: a void of the user's codes ends it, by a trigger. */
    index('desk_approvals_open_by_user')
      .on(table.tenantId, table.userId, table.mode)
      .where(sql`status IN ('pending', 'approved')`),
    index('desk_approvals_by_time').on(table.expiresAt),
  ],
)

/** Codes that their users have reported, each once, for as long as the link to report it is good. WITHOUT ROWID. */
export const deskReports = sqliteTable(
  'desk_reports',
  {
    tenantId: text('tenant_id').notNull(),
    codeId: text('code_id').notNull(),
    userId: text('user_id').notNull(),
    /** Of the request that has reported it: one of any number. */
    pressId: text('press_id').notNull(),
    reportedAt: integer('reported_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.codeId] }),
    index('desk_reports_by_time').on(table.expiresAt),
  ],
)
