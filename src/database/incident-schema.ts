import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The tables of voids of more than one user's codes. They live beside the codes that they are about: in the database
 * of the tenant. Statements name them in SQL alone, so that this file is no part of the Worker.
 */

/**
 * How often all codes of a mode have been voided: codes that were issued under an earlier number are dead (S7). A tenant
 * without a row has never done it. WITHOUT ROWID.
 */
export const voidEpochs = sqliteTable(
  'void_epochs',
  {
    tenantId: text('tenant_id').notNull(),
    mode: text({ enum: ['PASSWORD_RESET', 'ENROLLMENT'] }).notNull(),
    epoch: integer().notNull(),
    /** What users asked for before then, and is not issued yet, never is: epoch ms. */
    askedUntil: integer('asked_until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.mode] })],
)

/** Who issues codes no more, whatever an isolate still knows of them. WITHOUT ROWID. */
export const quarantines = sqliteTable(
  'quarantines',
  {
    tenantId: text('tenant_id').notNull(),
    /** As in the log of administrators. */
    accessId: text('access_id').notNull(),
    since: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.accessId] })],
)

/**
 * Voids that are worked off in the background, and counts that void nothing. A job walks through the two logs of
 * events by their numbers, from where it is to its end. WITHOUT ROWID.
 */
export const voidJobs = sqliteTable(
  'void_jobs',
  {
    tenantId: text('tenant_id').notNull(),
    /** That of the event by which it began. */
    id: text().notNull(),
    /** JSON of what was asked for. */
    request: text().notNull(),
    isDryRun: integer('is_dry_run').notNull(),
    /** Whose codes; NULL for everybody's. */
    issuedBy: text('issued_by'),
    /** Of one mode; NULL for both. */
    mode: text(),
    /** Of codes that were issued by then, epoch ms. */
    until: integer().notNull(),
    /** Who asked for it, for the events of what it voids. */
    accessId: text('access_id').notNull(),
    sourceIp: text('source_ip').notNull(),
    requestId: text('request_id').notNull(),
    createdAt: integer('created_at').notNull(),
    /** The numbers that are looked at next, and the first that are not looked at any more. */
    adminSeq: integer('admin_seq').notNull(),
    adminEnd: integer('admin_end').notNull(),
    userSeq: integer('user_seq').notNull(),
    userEnd: integer('user_end').notNull(),
    /** How many events there were to look at. */
    total: integer().notNull(),
    /** Codes that were voided, or would be; and those that a password hook was being asked about. */
    voided: integer().notNull().default(0),
    inUse: integer('in_use').notNull().default(0),
    /** When a batch of it was last made. */
    workedAt: integer('worked_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    /** What is not done yet, and nothing else. */
    index('void_jobs_open')
      .on(table.tenantId, table.workedAt)
      .where(sql`ended_at IS NULL`),
    index('void_jobs_by_time').on(table.createdAt),
  ],
)
