import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The tables of the console beside the events of a tenant: who the persons are that these name, and how often what
 * happened. Statements name them in SQL alone, so that this file is no part of a Worker.
 */

/** Who the persons are that events name. Lives in the database of the tenant, beside these. WITHOUT ROWID. */
export const consolePersons = sqliteTable(
  'console_persons',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    name: text().notNull(),
    email: text(),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] })],
)

/**
 * How often what happened in an hour, made of the logs of events once they have numbers: an overview of weeks then reads
 * no events. `detail` is the result of an administrator's action, or the reason of a user's event. Lives in the database of
 * the tenant. WITHOUT ROWID.
 */
export const eventCounts = sqliteTable(
  'event_counts',
  {
    tenantId: text('tenant_id').notNull(),
    hourAt: integer('hour_at').notNull(),
    log: text({ enum: ['admin', 'user'] }).notNull(),
    action: text().notNull(),
    detail: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.hourAt, table.log, table.action, table.detail] })],
)

/** How many codes a key, client or person has issued and voided in a day. WITHOUT ROWID. */
export const agentCounts = sqliteTable(
  'agent_counts',
  {
    tenantId: text('tenant_id').notNull(),
    dayAt: integer('day_at').notNull(),
    accessId: text('access_id').notNull(),
    action: text().notNull(),
    count: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.dayAt, table.accessId, table.action] })],
)

/** The last number of each log that is counted in. WITHOUT ROWID. */
export const eventCountMarks = sqliteTable('event_count_marks', {
  tenantId: text('tenant_id').primaryKey(),
  adminSeq: integer('admin_seq').notNull(),
  userSeq: integer('user_seq').notNull(),
})
