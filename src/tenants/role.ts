/** What a caller of the admin API, the directory or the logs may be allowed to do. */
const HELP_DESK = [
  'codes',
  'users:read',
  'users:status',
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
