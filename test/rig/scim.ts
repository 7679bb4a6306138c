import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Tenant } from './service.ts'

/** What a SCIM client says and hears. */

export type Resource = {
  id: string
  userName: string
  active: boolean
  emails: { value: string }[]
  meta: { location: string }
}
export type Page = { totalResults: number; startIndex: number; itemsPerPage: number; Resources: Resource[] }

export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

/** A patch of these operations. */
export const patch = (tenant: Tenant, id: string, ...Operations: object[]) =>
  tenant.scim('PATCH', `/Users/${id}`, { schemas: [PATCH_OP], Operations })

/** A page of a search that succeeds. */
export async function page(tenant: Tenant, query: Record<string, string> = {}): Promise<Page> {
  const response = await tenant.scim('GET', `/Users?${String(new URLSearchParams(query))}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('Content-Type')).toBe('application/scim+json')
  return response.json()
}

/** The user as it stands. */
export async function resourceOf(tenant: Tenant, id: string): Promise<Resource> {
  return (await tenant.scim('GET', `/Users/${id}`)).json()
}

/** Status and keyword of a refusal in SCIM's own shape. */
export async function refusal(response: Response): Promise<string> {
  expect(response.headers.get('Content-Type')).toBe('application/scim+json')
  const body = await response.json<{ status: string; scimType?: string; detail: string }>()
  expect(body).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(response.status),
  })
  expect(body.detail).toMatch(/^.{15,}\.$/)
  return [body.status, body.scimType].filter(Boolean).join(' ')
}

/** What administrators did to the tenant, in order. */
export async function actions({ id }: Tenant): Promise<string[]> {
  const events = env.DB.prepare('SELECT action FROM admin_events WHERE tenant_id = ? ORDER BY id').bind(id)
  return (await events.all<{ action: string }>()).results.map(({ action }) => action)
}
