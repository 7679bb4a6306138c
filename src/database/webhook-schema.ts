import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The tables of webhooks, which live beside the events that they are about: in the database of the tenant. */

/**
 * Where a tenant's events are sent, and how far. The logs of events are the outbox: `admin_seq` and `user_seq` are
 * the last numbers of each that have been looked at. WITHOUT ROWID.
 */
export const webhooks = sqliteTable(
  'webhooks',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    url: text().notNull(),
    /** JSON list of the types that are sent; NULL for all. */
    events: text(),
    description: text().notNull(),
    /** What calls are signed with, sealed; see webhooks/secret.ts. */
    secret: text().notNull(),
    /** The secret before it, which signs too until then. */
    oldSecret: text('old_secret'),
    oldSecretUntil: integer('old_secret_until').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    /** Since when it is sent nothing, and why. What is deleted stays until the log of its deliveries is removed. */
    disabledAt: integer('disabled_at'),
    disabledAs: text('disabled_as', { enum: ['operator', 'failing', 'gone', 'deleted'] }),
    adminSeq: integer('admin_seq').notNull(),
    userSeq: integer('user_seq').notNull(),
    /** How far the run that is under way looks: as the numbers above, when none is. */
    adminUntil: integer('admin_until').notNull(),
    userUntil: integer('user_until').notNull(),
    /** Runs that have failed one after another, since when, and until when no other is made. */
    failures: integer().notNull().default(0),
    failingSince: integer('failing_since'),
    pausedUntil: integer('paused_until').notNull().default(0),
    /** Until when it is called from the slow lane alone. */
    slowUntil: integer('slow_until').notNull().default(0),
    /** When a message of the slow lane will come for it; nothing where none is on its way. */
    wakeAt: integer('wake_at'),
    /** The run that calls it, and until when no other does. */
    leaseId: text('lease_id'),
    leasedUntil: integer('leased_until').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/** What is sent, or was: one row for each webhook and event, by the event's number in its log. WITHOUT ROWID. */
export const webhookDeliveries = sqliteTable(
  'webhook_deliveries',
  {
    tenantId: text('tenant_id').notNull(),
    webhookId: text('webhook_id').notNull(),
    log: text({ enum: ['admin', 'user'] }).notNull(),
    seq: integer().notNull(),
    type: text().notNull(),
    queuedAt: integer('queued_at').notNull(),
    attempts: integer().notNull().default(0),
    /** When it was last tried, and what came of it: an HTTP status, or why there was none. */
    lastAt: integer('last_at'),
    lastStatus: text('last_status'),
    /** When it is tried next; nothing where it has ended. */
    nextAt: integer('next_at'),
    endedAs: text('ended_as', { enum: ['delivered', 'failed'] }),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.webhookId, table.log, table.seq] }),
    /** What is to be sent: as small as the backlog, however much was sent. */
    index('webhook_deliveries_due')
      .on(table.tenantId, table.webhookId, table.nextAt)
      .where(sql`next_at IS NOT NULL`),
    /** The order of the log of deliveries. */
    index('webhook_deliveries_by_time').on(table.tenantId, table.webhookId, table.queuedAt),
  ],
)
