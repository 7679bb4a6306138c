/** What a caller of the admin API, the directory or the logs may be allowed to do. */
const HELP_DESK = [
  'codes',
  'users:read',
  'users:status',
  'users:verify',
  'users:sync',
  'users:delete',
  'users:delete:soft',
  'logs:admin',
  'logs:user',
] as const

/**
 * The roles of admin API keys, and what each may do: as at the vendor, all but high-risk lists and writing records; and,
 * which is ours, voids of all codes.
 */
export const PERMISSIONS = {
  'help-desk': HELP_DESK,
  'super-admin': [
    ...HELP_DESK,
    'codes:void-all',
    'users:write',
    'users:deprovision',
    'users:risk:read',
    'users:risk:write',
    'desk:override',
  ],
} as const satisfies Record<string, readonly string[]>

export type Role = keyof typeof PERMISSIONS
export type Permission = (typeof PERMISSIONS)['super-admin'][number]

export function mayDo(role: Role, permission: Permission): boolean {
  return (PERMISSIONS[role] as readonly Permission[]).includes(permission)
}

/** What a super-admin may do in the console besides: about the tenant itself, and about the sessions of all. */
const OF_SUPER_ADMINS = ['tenant:manage', 'sessions:manage'] as const

/** All that a person of this role may do in the console. */
export function personPermissions(role: Role): readonly string[] {
  return role === 'super-admin' ? [...PERMISSIONS[role], ...OF_SUPER_ADMINS] : PERMISSIONS[role]
}
