import { decodeProtectedHeader } from 'jose'
import type { Config } from '../config.ts'
import { mayDo, type Permission } from '../tenants/role.ts'
import { mayDoBy, scopesFor, type Scope } from '../tenants/scope.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { verifyAccessToken } from './access-token.ts'
import { verifyApiKeyToken, type TokenFault } from './api-key-token.ts'
import type { TenantPrincipal } from './principal.ts'
import { isScimToken, verifyScimToken } from './scim-token.ts'

/** Every kind of token that the APIs of a tenant's administrators take, and what it allows. */

/** Where a token is used: that of a product for the directory is good for nothing else. */
export type Face = 'admin' | 'scim'

export type BearerFault = TokenFault | 'access-token' | 'scim-token'

export type BearerOutcome =
  | { tag: 'allowed'; tenant: Tenant; principal: TenantPrincipal }
  /** The token is good, and does not allow this: why, and the scopes that would. */
  | {
      tag: 'forbidden'
      tenant: Tenant
      principal: TenantPrincipal
      message: string
      scopes: readonly Scope[]
    }
  | { tag: 'refused'; fault: BearerFault }

type Settings = Pick<Config, 'accessIdKeys' | 'accessTokenKeys' | 'baseUrl'>

/** Verifies a bearer token, and whether whoever it is of has the permission. */
export async function verifyBearerToken(
  db: D1Database,
  settings: Settings,
  token: string,
  { permission, face, now }: { permission: Permission; face: Face; now: number },
): Promise<BearerOutcome> {
  if (isScimToken(token)) {
    const known = face === 'scim' ? await verifyScimToken(db, settings, token) : undefined
    if (known === undefined) return { tag: 'refused', fault: 'scim-token' }
    return {
      tag: 'allowed',
      tenant: known.tenant,
      principal: { tag: 'scim-token', id: known.token.id, name: '' },
    }
  }
  return isAccessToken(token)
    ? verifyClients(db, settings, token, permission, now)
    : verifyKeys(db, settings, token, permission, now)
}

async function verifyClients(
  db: D1Database,
  settings: Settings,
  token: string,
  permission: Permission,
  now: number,
): Promise<BearerOutcome> {
  const known = await verifyAccessToken(db, settings, token, now)
  if (known === undefined) return { tag: 'refused', fault: 'access-token' }
  const { tenant, client, scopes: granted } = known
  const principal = { tag: 'oauth-client', id: client.clientId, name: client.description } as const
  if (mayDoBy(granted, permission)) return { tag: 'allowed', tenant, principal }
  const scopes = scopesFor(permission)
  const message =
    scopes.length === 0
      ? 'No scope allows this call: it takes the key of a super-admin.'
      : `This call needs one of the scopes: ${scopes.join(' ')}.`
  return { tag: 'forbidden', tenant, principal, message, scopes }
}

async function verifyKeys(
  db: D1Database,
  settings: Settings,
  token: string,
  permission: Permission,
  now: number,
): Promise<BearerOutcome> {
  const outcome = await verifyApiKeyToken(db, settings, token, now)
  if (outcome.tag === 'refused') return outcome
  const { tenant, key } = outcome
  const principal = { tag: 'api-key', id: key.accessId, name: key.description } as const
  if (mayDo(key.role, permission)) return { tag: 'allowed', tenant, principal }
  const message = `The role ${key.role} of this key does not allow this call.`
  return { tag: 'forbidden', tenant, principal, message, scopes: [] }
}

/** By its own word: it is verified as one then. */
function isAccessToken(token: string): boolean {
  try {
    return /^(?:application\/)?at\+jwt$/i.test(decodeProtectedHeader(token).typ ?? '')
  } catch {
    return false
  }
}
