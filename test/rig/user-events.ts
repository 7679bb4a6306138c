import { env } from 'cloudflare:workers'
import type { Tenant } from './service.ts'

/** A row of `user_events` as D1 holds it. */
export type UserEvent = {
  tenant_id: string
  occurred_at: number
  id: string
  user_id: string | null
  action: string
  reason: string
  count: number
  last_at: number
  networks: string | null
  channel: string | null
  destination: string | null
}

/** What happened to the codes of a tenant's users, in order. */
export async function userEvents({ id }: Tenant): Promise<UserEvent[]> {
  const { results } = await env.DB.prepare(
    'SELECT * FROM user_events WHERE tenant_id = ? ORDER BY occurred_at, last_at, id',
  )
    .bind(id)
    .all<UserEvent>()
  return results
}

/** The same in words: `action`, and `:reason` where there is one. */
export async function whatHappened(tenant: Tenant): Promise<string[]> {
  return (await userEvents(tenant)).map(({ action, reason }) =>
    reason === '' ? action : `${action}:${reason}`,
  )
}
