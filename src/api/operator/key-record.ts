import type { Context } from 'hono'
import { config } from '../../config.ts'
import type { OperatorEnv } from '../../http/app-env.ts'
import type { ApiKey } from '../../tenants/api-key-store.ts'
import { adminRestApiUrl, type Tenant } from '../../tenants/tenant.ts'

/** A key as the operator sees it: with the private key added as `accessKey`, it is the vendor's key file. */
export function keyRecord(
  c: Context<OperatorEnv>,
  tenant: Tenant,
  { accessId, publicJwk, role, description, createdAt }: ApiKey,
) {
  return {
    customerName: tenant.name,
    accessID: accessId,
    adminRestApiUrl: adminRestApiUrl(tenant, config(c.env).baseUrl),
    description,
    role,
    publicKey: publicJwk,
    createdAt: new Date(createdAt).toISOString(),
  }
}
