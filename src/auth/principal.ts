import type { ApiKey } from '../tenants/api-key-store.ts'

/** An API key, as whose holder the request is made. */
export type ApiKeyPrincipal = { tag: 'api-key'; key: ApiKey }

/** The operator of the service. */
export type OperatorPrincipal = { tag: 'operator' }
