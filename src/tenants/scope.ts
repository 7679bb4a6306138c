import type { Permission } from './role.ts'

/**
 * What an OAuth client may be allowed to do, in the vendor's words, and the permissions that each scope grants. Those
 * that begin with `rescind` are ours.
 */
export const SCOPES = {
  'rsa.user.read': ['users:read'],
  'rsa.user.manage': ['codes', 'users:read', 'users:status', 'users:sync'],
  'rsa.user.factor.manage': ['codes'],
  'rsa.user.sync': ['users:sync'],
  'rsa.user.delete': ['users:delete', 'users:deprovision'],
  'rsa.user.delete.soft': ['users:delete:soft'],
  'rsa.user.local.manage': ['users:read', 'users:write'],
  'rsa.user.verify': ['users:verify'],
  'rsa.user.risky.read': ['users:risk:read'],
  'rsa.user.risky.manage': ['users:risk:read', 'users:risk:write'],
  'rsa.audit.admin': ['logs:admin'],
  'rsa.audit.user': ['logs:user'],
  'rescind.codes.void-all': ['codes:void-all'],
} as const satisfies Record<string, readonly Permission[]>

export type Scope = keyof typeof SCOPES

export function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name)
}

/** Whether one of these scopes grants the permission. */
export function mayDoBy(scopes: readonly Scope[], permission: Permission): boolean {
  return scopes.some((scope) => (SCOPES[scope] as readonly Permission[]).includes(permission))
}

/** The scopes any one of which grants the permission, for whoever lacks it. */
export function scopesFor(permission: Permission): Scope[] {
  return (Object.keys(SCOPES) as Scope[]).filter((scope) => mayDoBy([scope], permission))
}
