import { findLiveKey, type ApiKey } from './api-key-store.ts'
import { CatalogueCache } from './catalogue-cache.ts'
import { findLiveClient, type OAuthClient } from './oauth-client-store.ts'
import { findLiveScimToken, type ScimToken } from './scim-token-store.ts'
import { readLogo, type Logo } from './logo.ts'
import { findLogo, findTenantByHost, findTenantById } from './tenant-store.ts'
import type { Tenant } from './tenant.ts'

/**
 * Tenants, keys, clients and tokens as this isolate knows them. An entry is read again after 20 seconds, so
 * that a revoked key or a changed policy takes effect within 30 everywhere.
 */

export type KnownKey = { key: ApiKey; tenant: Tenant }
export type KnownClient = { client: OAuthClient; tenant: Tenant }
export type KnownScimToken = { token: ScimToken; tenant: Tenant }

const tenantsByHost = new CatalogueCache<Tenant>()
const tenantsById = new CatalogueCache<Tenant>()
const keysByAccessId = new CatalogueCache<KnownKey>()
const clientsById = new CatalogueCache<KnownClient>()
const scimTokensById = new CatalogueCache<KnownScimToken>()
/** Of 32 KiB at most: few, since an isolate has 128 MB for everything. */
const LOGOS_MAX = 64
const logosByTenant = new CatalogueCache<Logo>(LOGOS_MAX)

export function tenantOfHost(db: D1Database, hostname: string): Promise<Tenant | undefined> {
  return tenantsByHost.get(hostname, () => findTenantByHost(db, hostname))
}

export function tenantOfId(db: D1Database, id: string): Promise<Tenant | undefined> {
  return tenantsById.get(id, () => findTenantById(db, id))
}

/** The logo of a tenant's pages. */
export function logoOfTenant(db: D1Database, id: string): Promise<Logo | undefined> {
  return logosByTenant.get(id, async () => readLogo((await findLogo(db, id)) ?? ''))
}

export function keyOfAccessId(db: D1Database, accessId: string): Promise<KnownKey | undefined> {
  return keysByAccessId.get(accessId, () => findLiveKey(db, accessId))
}

export function clientOfId(db: D1Database, clientId: string): Promise<KnownClient | undefined> {
  return clientsById.get(clientId, () => findLiveClient(db, clientId))
}

export function scimTokenOfId(db: D1Database, id: string): Promise<KnownScimToken | undefined> {
  return scimTokensById.get(id, () => findLiveScimToken(db, id))
}

/** Forgets everything in this isolate: called after the operator changed the catalogue through it. */
export function forgetCatalogue(): void {
  tenantsByHost.clear()
  tenantsById.clear()
  keysByAccessId.clear()
  clientsById.clear()
  scimTokensById.clear()
  logosByTenant.clear()
}
