import type { ApiKey } from '../tenants/api-key-store.ts'
import type { LogEvent } from '../log.ts'
import type { Tenant } from '../tenants/tenant.ts'

/** What Hono's context carries through a request. */
export type AppEnv = {
  Bindings: Env
  Variables: {
    /** Epoch ms of the request: the one clock that everything in it goes by. */
    now: number
    log: LogEvent
    /** Set once the request's tenant is known. */
    tenant: Tenant
    /** Set by `authenticate`: the key whose token the request carries. */
    caller: ApiKey
  }
}
