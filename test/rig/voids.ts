import { env } from 'cloudflare:workers'
import { expectStatus, operate, type Tenant } from './service.ts'

/** Voids of more than one user's codes. */

export type Job = {
  jobId: string
  dryRun: boolean
  state: 'running' | 'done'
  done: number
  total: number
  voided: number
  inUse: number
}

const ADMIN = '/AdminInterface/restapi/v1/codes/void'

/** Voids everything, as the operator does. */
export async function voidAll({ id }: Pick<Tenant, 'id'>, more: object = {}): Promise<void> {
  await expectStatus(200, await operate('POST', `/tenants/${id}/void`, { scope: 'all', ...more }))
}

/** Begins a void as the operator, which is worked on at once. */
export async function voidSome({ id }: Pick<Tenant, 'id'>, request: object): Promise<Job> {
  const response = await operate('POST', `/tenants/${id}/void`, request)
  await expectStatus(202, response)
  return response.json()
}

/** A void as a super-admin asks for it. */
export function voidAsAdmin(tenant: Tenant, request: unknown, headers: Record<string, string> = {}) {
  return tenant.admin('/codes/void', request, 'super-admin', headers)
}

export { ADMIN as VOID_MANY }

/** What administrators did, as `action mode result`, but for users and single codes. */
export async function wholeEvents({ id }: Pick<Tenant, 'id'>): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT action, mode, target, result, access_id FROM admin_events WHERE tenant_id = ?
     AND action IN ('void.all', 'void.some', 'key.quarantine') ORDER BY seq`,
  )
    .bind(id)
    .all<Record<string, string | null>>()
  return results.map(({ action, mode, result }) => `${action} ${mode ?? 'both'} ${result}`)
}
