import { queryOptions } from '@tanstack/react-query'
import { call } from '../api/call.ts'

/** What super-admins manage of their own tenant, by the operator API. */

export type Key = {
  accessID: string
  description: string
  role: 'help-desk' | 'super-admin'
  createdAt: string
}

export type Client = {
  clientId: string
  scopes: string[]
  description: string
  createdAt: string
  issuer: string
  tokenEndpoint: string
  jwks: { keys: { kid: string; kty: string }[] }
}

export type ScimToken = { id: string; description: string; createdAt: string }

export type Webhook = {
  id: string
  url: string
  events: string[]
  description: string
  enabled: boolean
  createdAt: string
  disabledAt?: string
  disabledAs?: string
}

export type Delivery = {
  eventId: string
  type: string
  state: string
  attempts: number
  queuedAt: string
  lastAttemptAt?: string
  lastStatus?: string
  nextAttemptAt?: string
}

export type Tenant = {
  id: string
  name: string
  hosts: string[]
  policy: Record<string, unknown>
  database?: string
}

/** A path below the tenant, such as `/keys`. */
export function pathOf(tenantId: string, below = ''): string {
  return `/operator/v1/tenants/${encodeURIComponent(tenantId)}${below}`
}

export function tenantQuery(tenantId: string) {
  return queryOptions({
    queryKey: ['tenant'],
    queryFn: ({ signal }) => call<Tenant>('GET', pathOf(tenantId), { signal }),
  })
}
