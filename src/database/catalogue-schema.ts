import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** The tables of the catalogue, which live in the binding `DB` alone: tenants, and who may act for them. */

/** A tenant: one customer, with its policy. Lives in `DB`. */
export const tenants = sqliteTable('tenants', {
  id: text().primaryKey(),
  name: text().notNull(),
  /** JSON as the operator sent it; defaults are applied on read. */
  policy: text().notNull(),
  /** Name of the D1 binding that holds the tenant's users, codes and events. */
  database: text().notNull(),
  createdAt: integer('created_at').notNull(),
  /** Whether it may have webhooks: then its requests wake the consumer of webhooks, and the cron trigger does. */
  hasWebhooks: integer('has_webhooks', { mode: 'boolean' }).notNull().default(false),
})

/** Host name to tenant, each host of one tenant alone. Lives in `DB`. WITHOUT ROWID. */
export const tenantHosts = sqliteTable(
  'tenant_hosts',
  {
    hostname: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
  },
  (table) => [index('tenant_hosts_by_tenant').on(table.tenantId)],
)

/** Public keys of the admin API. Lives in `DB`. */
export const apiKeys = sqliteTable(
  'api_keys',
  {
    accessId: text('access_id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** Public RSA JWK, members `kty`, `n`, `e` and `kid` only. */
    publicJwk: text('public_jwk').notNull(),
    role: text({ enum: ['help-desk', 'super-admin'] }).notNull(),
    description: text().notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [index('api_keys_by_tenant').on(table.tenantId)],
)

/** Clients of the admin API by OAuth 2.0. Lives in `DB`. */
export const oauthClients = sqliteTable(
  'oauth_clients',
  {
    clientId: text('client_id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** JWK set (RFC 7517 §5) of the public keys that its assertions are verified with. */
    jwks: text().notNull(),
    /** Scopes that it may be given, separated by blanks. */
    scopes: text().notNull(),
    description: text().notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [index('oauth_clients_by_tenant').on(table.tenantId)],
)

/** Assertions that a client has used, for as long as they would be good. Lives in `DB`. WITHOUT ROWID. */
export const usedAssertions = sqliteTable(
  'used_assertions',
  {
    clientId: text('client_id').notNull(),
    /** SHA-256 of the assertion's `jti`. */
    jtiDigest: text('jti_digest').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.clientId, table.jtiDigest] }),
    index('used_assertions_by_client').on(table.clientId, table.expiresAt),
    index('used_assertions_by_time').on(table.expiresAt),
  ],
)

/** Bearer tokens of the directory alone, for products that sign no JWTs. Lives in `DB`. */
export const scimTokens = sqliteTable(
  'scim_tokens',
  {
    id: text().primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** SHA-256 of the whole token, which has 256 random bits. */
    digest: text().notNull(),
    description: text().notNull(),
    createdAt: integer('created_at').notNull(),
    revokedAt: integer('revoked_at'),
  },
  (table) => [index('scim_tokens_by_tenant').on(table.tenantId)],
)
