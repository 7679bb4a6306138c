/** What every statement about a tenant's data is bound to; the statements of one subject add what they need. */
export type TenantScope = {
  /** The database that holds the tenant's users, codes and events. */
  db: D1Database
  tenantId: string
  /** Epoch ms of the request or message: the one clock that everything in it goes by. */
  now: number
}
