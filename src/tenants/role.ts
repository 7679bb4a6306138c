/** The roles of admin API keys, and what each may do. */
export const PERMISSIONS = {
  'help-desk': ['codes', 'users:read', 'logs:read'],
  'super-admin': ['codes', 'users:read', 'users:write', 'logs:read'],
} as const satisfies Record<string, readonly string[]>

export type Role = keyof typeof PERMISSIONS
export type Permission = (typeof PERMISSIONS)['super-admin'][number]

export function mayDo(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[role] as readonly Permission[]).includes(permission)
}
