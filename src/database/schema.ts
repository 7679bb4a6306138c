import { sql, type SQLWrapper } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { nameIndexes } from './name-index.ts'

/**
 * Every table, with the files beside this one, and the only source of `drizzle/`. Times are epoch milliseconds and
 * end in `_at`. What webhook-schema.ts has, statements name in SQL alone: so it is no part of the Worker.
 *
 * The catalogue (tenants, hosts, keys) lives in the binding `DB`; users, codes and events live in the
 * database that the tenant's record names. No foreign keys: D1 cannot defer them through a table
 * rebuild, and a cascade there loses rows.
 *
 * Tables marked WITHOUT ROWID are so in the migration (Drizzle cannot say it): one row written per
 * insert instead of two.
 */

export * from './catalogue-schema.ts'

/** The directory. An address and a user name each belong to one user of a tenant. */
export const users = sqliteTable(
  'users',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** The address as given; mail goes here and nowhere else. */
    email: text().notNull(),
    /** Its canonical form, see codes/email-address.ts. */
    emailKey: text('email_key').notNull(),
    userName: text('user_name').notNull(),
    userNameKey: text('user_name_key').notNull(),
    status: text({ enum: ['enabled', 'disabled'] }).notNull(),
    /**
     * Further SCIM attributes as JSON: `externalId`, `name`, `displayName`, `preferredLanguage`; and where a caller can
     * show who they are, `homeEmail` and `mobileNumber`.
     */
    attributes: text().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** Since when the user is on the list of those at high risk; nothing for all others. */
    highRiskAt: integer('high_risk_at'),
    /** Until when no administrator gets a code for the user, who has reported one. */
    frozenUntil: integer('frozen_until'),
  },
  (table) => [
    uniqueIndex('users_by_email').on(table.tenantId, table.emailKey),
    uniqueIndex('users_by_user_name').on(table.tenantId, table.userNameKey),
    /** The order of a listing. */
    index('users_by_id').on(table.tenantId, table.id),
    /** What an identity provider calls its users. */
    index('users_by_external_id')
      .on(table.tenantId, sql`attributes ->> 'externalId'`)
      .where(sql`attributes ->> 'externalId' IS NOT NULL`),
    /** The list of those at high risk, and no others. */
    ...nameIndexes(table),
    index('users_at_high_risk')
      .on(table.tenantId, table.id)
      .where(sql`high_risk_at IS NOT NULL`),
  ],
)

/** Users who are marked as deleted: they can be restored until they are purged, and are nowhere else. */
export const deletedUsers = sqliteTable(
  'deleted_users',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    email: text().notNull(),
    emailKey: text('email_key').notNull(),
    userName: text('user_name').notNull(),
    userNameKey: text('user_name_key').notNull(),
    status: text({ enum: ['enabled', 'disabled'] }).notNull(),
    attributes: text().notNull(),
    createdAt: integer('created_at').notNull(),
    updatedAt: integer('updated_at').notNull(),
    highRiskAt: integer('high_risk_at'),
    frozenUntil: integer('frozen_until'),
    deletedAt: integer('deleted_at').notNull(),
    /** Who marked the user: the access id of a key, or an OAuth client. */
    deletedBy: text('deleted_by').notNull(),
  },
  (table) => [
    index('deleted_users_by_tenant').on(table.tenantId),
    index('deleted_users_by_time').on(table.deletedAt),
  ],
)

/**
 * Wrong codes of users who are gone, by a digest of their address, so that nobody gets a new guess budget by being
 * deleted and created anew. WITHOUT ROWID.
 */
export const spentBudgets = sqliteTable(
  'spent_budgets',
  {
    tenantId: text('tenant_id').notNull(),
    digest: text().notNull(),
    failures: integer().notNull(),
    clientFailures: text('client_failures').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** A freeze goes with the address, too. */
    frozenUntil: integer('frozen_until').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.digest] }),
    index('spent_budgets_by_time').on(table.expiresAt),
  ],
)

/**
 * How many users a tenant has, in blocks by the first two symbols of their ids, which are random: so all
 * blocks are about equal, and a listing finds its page without counting users. The database keeps it by
 * itself, by triggers (Drizzle cannot say them), whoever adds or removes a user. WITHOUT ROWID.
 */
export const userCounts = sqliteTable(
  'user_counts',
  {
    tenantId: text('tenant_id').notNull(),
    block: text().notNull(),
    users: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.block] })],
)

/** Why a code ended before its expiry. A superseded code leaves no trace: its row is overwritten. */
export type CodeEnd = 'voided' | 'redeemed' | 'locked'

/** `match`, or the true reason why a presented code was refused. */
export type Verdict =
  | CodeEnd
  | 'match'
  | 'wrong'
  | 'asked'
  | 'wrong-answer'
  | 'cut-off'
  | 'in-use'
  | 'unknown'
  | 'disabled'
  | 'none'
  | 'expired'

/** Whether a user has asked for a code, or an administrator has issued it. */
export type CodeOrigin = 'asked' | 'issued'

/**
 * One row per user and mode, for ever. Issuing overwrites it, so a new code supersedes the old one of its
 * origin by construction, and `failures` survives. A live code of the other origin is kept beside it, so that
 * whoever asks for a code for somebody cannot end the one that the help desk has shown. WITHOUT ROWID.
 */
export const resetCodes = sqliteTable(
  'reset_codes',
  {
    userId: text('user_id').notNull(),
    mode: text({ enum: ['PASSWORD_RESET', 'ENROLLMENT'] }).notNull(),
    tenantId: text('tenant_id').notNull(),
    codeId: text('code_id').notNull(),
    digest: text().notNull(),
    /** Which pepper made the digest: tells an operator when an old one is no longer needed. */
    pepperId: text('pepper_id').notNull(),
    issuedAt: integer('issued_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** Wrong codes presented since the code was issued. */
    attempts: integer().notNull().default(0),
    /** Wrong codes presented to live codes of this user since the last redeem or DISPLAY. */
    failures: integer().notNull().default(0),
    endedAt: integer('ended_at'),
    endedAs: text('ended_as').$type<CodeEnd>(),
    /** When a void was last asked for since the code was issued, whether it found a live code or not. */
    voidedAt: integer('voided_at'),
    /** The redeem that waits for a password hook, and when it lapses. */
    reservationId: text('reservation_id'),
    reservedUntil: integer('reserved_until'),
    /** How the last code that was presented was judged, for the statement that records it. */
    verdict: text().$type<Verdict>(),
    /** Nothing in rows from before it was recorded. */
    origin: text().$type<CodeOrigin>(),
    /** The code of the other origin that was live when this one was issued: its id is empty where there was none. */
    keptCodeId: text('kept_code_id').notNull().default(''),
    keptDigest: text('kept_digest').notNull().default(''),
    keptPepperId: text('kept_pepper_id').notNull().default(''),
    keptIssuedAt: integer('kept_issued_at').notNull().default(0),
    keptExpiresAt: integer('kept_expires_at').notNull().default(0),
    /**
     * Whose the wrong codes in `attempts` are, and those in `failures`: the hash of each network between a comma and
     * a letter, A for one and B for two.
     */
    clientAttempts: text('client_attempts').notNull().default(''),
    clientFailures: text('client_failures').notNull().default(''),
    /** How often all codes of the tenant had been voided when these were issued: both of them are of one epoch. */
    epoch: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.userId, table.mode] })],
)

/**
 * What users have answered to the tenant's questions: a keyed digest of each answer, never the answer. Whoever removes
 * a user for good removes their answers by it, by triggers (Drizzle cannot say them). WITHOUT ROWID.
 */
export const challengeAnswers = sqliteTable(
  'challenge_answers',
  {
    tenantId: text('tenant_id').notNull(),
    userId: text('user_id').notNull(),
    /** In which place the question is asked, from 0. */
    position: integer().notNull(),
    challengeCode: text('challenge_code').notNull(),
    digest: text().notNull(),
    /** As of a code. */
    pepperId: text('pepper_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.userId, table.position] })],
)

/** What administrators did, one row per user concerned. Ids are UUIDv7, so they sort by time. WITHOUT ROWID. */
export const adminEvents = sqliteTable(
  'admin_events',
  {
    tenantId: text('tenant_id').notNull(),
    id: text().notNull(),
    occurredAt: integer('occurred_at').notNull(),
    /** Access id of the key whose token asked for it. */
    accessId: text('access_id').notNull(),
    action: text().notNull(),
    mode: text(),
    userId: text('user_id'),
    /** The address asked for, masked: never a full one. */
    target: text().notNull(),
    result: text().notNull(),
    sourceIp: text('source_ip').notNull(),
    requestId: text('request_id').notNull(),
    /** Which way a code was to go. Nothing where none was, or none was understood, and in events before it was recorded. */
    channel: text().$type<Channel>(),
    /** The address that a code was to be mailed to, masked; nothing for a code that was shown. */
    destination: text(),
    /** Why, in the words of who did it, where a reason has to be given. */
    reason: text(),
    /**
     * Its number in the log of its tenant, from 1 without a gap, and when it got that, which no later number has got
     * before: the database gives both, by a trigger (Drizzle cannot say it), in the transaction of the event.
     */
    seq: integer(),
    loggedAt: integer('logged_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    index('admin_events_by_seq')
      .on(table.tenantId, table.seq)
      .where(sql`seq IS NOT NULL`),
  ],
)

/** Which way a code leaves: in the answer, to the stored address, or to another that the administrator named. */
export type Channel = 'DISPLAY' | 'EMAIL' | 'custom'

/**
 * What happened to users' codes. A refusal or a check is counted in one row per user, reason and hour,
 * so that a flood of them cannot fill the database; everything else is a row of its own. WITHOUT ROWID.
 */
export const userEvents = sqliteTable(
  'user_events',
  {
    tenantId: text('tenant_id').notNull(),
    /** When it was asked for; for a counted row, the start of its hour. */
    occurredAt: integer('occurred_at').notNull(),
    id: text().notNull(),
    /** Nothing where the request was about nobody. */
    userId: text('user_id'),
    action: text().$type<UserAction>().notNull(),
    /** Why, where the action alone does not say: the true reason, for administrators only. */
    reason: text().notNull(),
    count: integer().notNull().default(1),
    lastAt: integer('last_at').notNull(),
    /**
     * Which networks asked for it: keyed hashes, never addresses, see audit/network-hash.ts. A counted row keeps
     * the first that came, in their order, and a `+` for all others.
     */
    networks: text(),
    /** Which way a code that was sent went, and whereto, masked. */
    channel: text().$type<Channel>(),
    destination: text(),
    /** As of an admin event. A counted row gets its number when its hour is over and it does not change any more. */
    seq: integer(),
    loggedAt: integer('logged_at'),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.occurredAt, table.id] }),
    // A counted row that comes to be must cost no more than one that counts on (N2): it is in no index yet.
    index('user_events_by_seq')
      .on(table.tenantId, table.seq)
      .where(sql`seq IS NOT NULL`),
    index('user_events_by_user')
      .on(table.tenantId, table.userId, table.seq)
      .where(sql`seq IS NOT NULL`),
  ],
)

export type UserAction =
  | 'sent'
  | 'delivered'
  | 'delivery-failed'
  | 'validated'
  | 'asked'
  | 'refused'
  | 'redeemed'
  | 'redeem-failed'
  | 'locked'
  | 'reported'
  | 'proof-sent'
  | 'proved'
  | 'proof-refused'
  | 'verified'

/** `json_each` over one bound parameter: D1 binds at most 100 per statement. */
export function jsonEach(rowsJson: string | SQLWrapper) {
  return sql`json_each(${rowsJson})`
}

/** Before which time all events of users that are counted have their numbers. WITHOUT ROWID. */
export const logMarks = sqliteTable('log_marks', {
  tenantId: text('tenant_id').primaryKey(),
  closedUntil: integer('closed_until').notNull(),
})

/**
 * Calls that brought an `Idempotency-Key`, for a day: what a repetition needs to give the same answer, beside the key
 * itself and the peppers. It holds no code. WITHOUT ROWID.
 */
export const idempotentCalls = sqliteTable(
  'idempotent_calls',
  {
    tenantId: text('tenant_id').notNull(),
    /** SHA-256 of who called and with which key. */
    keyDigest: text('key_digest').notNull(),
    /** The number of the first entry of this part: a call is of several parts where a row of it failed. */
    part: integer().notNull(),
    /** SHA-256 of what was asked for. */
    requestDigest: text('request_digest').notNull(),
    /** What the codes of the call were derived from, beside its key and the pepper of this id. */
    nonce: text().notNull(),
    pepperId: text('pepper_id').notNull(),
    /** What the ids of its events start with. */
    eventIdPrefix: text('event_id_prefix').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** JSON of what the answer depended on beside the request: a policy may change within the day. */
    terms: text().notNull().default('{}'),
    /** From when on a repetition puts the mails of the call on their way; 0 when they are, or there are none. */
    deliveryDue: integer('delivery_due').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.keyDigest, table.part] }),
    index('idempotent_calls_by_time').on(table.expiresAt),
  ],
)
