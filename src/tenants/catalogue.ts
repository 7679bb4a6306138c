import { findLiveKey, type ApiKey } from './api-key-store.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { findTenant, findTenantByHost } from './tenant-store.ts'
import type { Tenant } from './tenant.ts'

/**
 * Tenants and keys as this isolate knows them. An entry is read again after 20 seconds, so that a
 * revoked key or a changed policy takes effect within 30 everywhere.
 */

const ENTRY_TTL_MS = 20_000
/** How long an absence is remembered: shorter, so that a new host works soon. */
const ABSENCE_TTL_MS = 5_000
const ENTRIES_MAX = 1_000

export type KnownKey = { key: ApiKey; tenant: Tenant }

const tenantsByHost = new ExpiringMap<Tenant | 'absent'>(ENTRIES_MAX)
const tenantsById = new ExpiringMap<Tenant | 'absent'>(ENTRIES_MAX)
const keysByAccessId = new ExpiringMap<KnownKey | 'absent'>(ENTRIES_MAX)

export function tenantOfHost(db: D1Database, hostname: string): Promise<Tenant | undefined> {
  return remembered(tenantsByHost, hostname, () => findTenantByHost(db, hostname))
}

export function tenantOfId(db: D1Database, id: string): Promise<Tenant | undefined> {
  return remembered(tenantsById, id, () => findTenant(db, id))
}

export function keyOfAccessId(db: D1Database, accessId: string): Promise<KnownKey | undefined> {
  return remembered(keysByAccessId, accessId, () => findLiveKey(db, accessId))
}

/** Forgets everything in this isolate: called after the operator changed the catalogue through it. */
export function forgetCatalogue(): void {
  tenantsByHost.clear()
  tenantsById.clear()
  keysByAccessId.clear()
}

async function remembered<Value>(
  cache: ExpiringMap<Value | 'absent'>,
  key: string,
  read: () => Promise<Value | undefined>,
): Promise<Value | undefined> {
  // The age of an entry counts from before its read: a slow read must not stretch it.
  const now = Date.now()
  const known = cache.get(key, now)
  if (known !== undefined) return known === 'absent' ? undefined : known
  const value = await read()
  cache.set(key, value ?? 'absent', now + (value === undefined ? ABSENCE_TTL_MS : ENTRY_TTL_MS))
  return value
}
