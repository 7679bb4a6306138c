import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The tables of the console: who is signed in, and which people there have been. */

/**
 * Sessions of people in the console. The table has no role: the claim that granted one is kept, and what it grants is
 * the policy's to say at every request. Lives in `DB`, beside the keys that are credentials too.
 */
export const consoleSessions = sqliteTable(
  'console_sessions',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** SHA-256 of the whole token, which has 256 random bits. */
    digest: text().notNull(),
    personId: text('person_id').notNull(),
    name: text().notNull(),
    email: text(),
    /** Who has vouched for the person, and the value of the claim by which a role is granted. */
    issuer: text().notNull(),
    roleValue: text('role_value').notNull(),
    /** The session of the provider, where it names one. */
    providerSession: text('provider_session'),
    /** When the person proved to the provider who they are, epoch ms, where it says so. */
    authenticatedAt: integer('authenticated_at'),
    /** In a few words, such as `Firefox on Linux`. */
    browser: text().notNull(),
    createdAt: integer('created_at').notNull(),
    /** To the minute. */
    lastSeenAt: integer('last_seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    endedAt: integer('ended_at'),
  },
  (table) => [
    index('console_sessions_by_person').on(table.tenantId, table.personId, table.createdAt),
    index('console_sessions_by_time').on(table.expiresAt),
  ],
)

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
