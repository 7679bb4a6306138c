import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The table of the console beside the keys: who is signed in. What it has beside events is in console-event-schema.ts. */

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
