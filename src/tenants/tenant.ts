import { isLoopbackHost } from '../network-address.ts'
import type { Policy } from './policy.ts'

/** A tenant as the rest of the code sees it. */
export type Tenant = {
  id: string
  name: string
  /** Host names of the password API, and of the admin base URLs that tokens may be made for. */
  hosts: readonly string[]
  policy: Policy
  /** Name of the D1 binding with the tenant's users, codes and events. */
  database: string
  createdAt: number
  /** Whether it may have webhooks, so that what happens has to be told. */
  hasWebhooks: boolean
  /** Whether its pages have a logo. The picture itself is not kept with what isolates know of tenants. */
  hasLogo: boolean
}

const ADMIN_BASE_PATH = '/AdminInterface/restapi'

/** Where administrators of this tenant send their requests: the `adminRestApiUrl` of a key file. */
export function adminRestApiUrl(tenant: Pick<Tenant, 'hosts'>, baseUrl: string): string {
  return tenantOrigin(tenant, baseUrl) + ADMIN_BASE_PATH
}

/** The origin of the tenant's host that is shown to others: the service's own where it is one of them. */
export function tenantOrigin({ hosts }: Pick<Tenant, 'hosts'>, baseUrl: string): string {
  const base = new URL(baseUrl)
  const [first = base.hostname] = hosts
  const host = hosts.includes(base.hostname) ? base.hostname : first
  if (host === base.hostname) return base.origin
  return isLoopbackHost(host) ? `http://${host}:${base.port}` : `https://${host}`
}

/** The issuer of the tenant's access tokens at its first host (RFC 8414 §2): its base URL + `/oauth`. */
export function oauthIssuer(tenant: Pick<Tenant, 'hosts'>, baseUrl: string): string {
  return `${new URL(adminRestApiUrl(tenant, baseUrl)).origin}/oauth`
}

/** Whether this is the issuer or the token endpoint of the tenant, on any of its hosts. */
export function isTokenAudience(tenant: Pick<Tenant, 'hosts'>, baseUrl: string, audience: string): boolean {
  return isIssuer(tenant, baseUrl, audience.replace(/\/token$/, ''))
}

/** Whether this is the issuer of the tenant's access tokens, on any of its hosts, to the letter (RFC 7523 §3). */
export function isIssuer({ hosts }: Pick<Tenant, 'hosts'>, baseUrl: string, issuer: string): boolean {
  if (!URL.canParse(issuer)) return false
  const { hostname, origin } = new URL(issuer)
  const isHere = isLoopbackHost(hostname) || origin === `https://${hostname}`
  const isOurs = hosts.includes(hostname) || origin === new URL(oauthIssuer({ hosts }, baseUrl)).origin
  return isHere && isOurs && issuer === `${origin}/oauth`
}

/**
 * Whether a token for this audience is meant for this tenant here: the admin base URL on any of its hosts or
 * on the service's own, with or without `/v1` and a trailing slash; or the bare origin of such a host, which
 * is all that a known client sends. A port counts only where it is not this machine's.
 */
export function isAdminAudience({ hosts }: Pick<Tenant, 'hosts'>, baseUrl: string, audience: string) {
  if (!URL.canParse(audience)) return false
  const { hostname, origin, pathname, search, hash } = new URL(audience)
  const isHere = isLoopbackHost(hostname) || origin === `https://${hostname}`
  const isOurs = hosts.includes(hostname) || hostname === new URL(baseUrl).hostname
  const base = pathname.replace(/\/$/, '').replace(/\/v1$/, '')
  const isMeant = pathname === '/' || base === ADMIN_BASE_PATH
  return isHere && isOurs && isMeant && search === '' && hash === ''
}
