import type { ApiKey } from '../tenants/api-key-store.ts'

/** The holder of one of a tenant's API keys. */
export type ApiKeyPrincipal = { tag: 'api-key'; key: ApiKey }

/** The operator of the service. */
export type OperatorPrincipal = { tag: 'operator' }
