import type { CodeContext } from '../codes/code-context.ts'
import type { Tenant } from '../tenants/tenant.ts'

/** What the handling of one message ended in; `failed` is tried again. */
export type DeliveryOutcome = 'delivered' | 'dropped' | 'rejected' | 'failed'

/** What a delivery works with. */
export type DeliveryContext = CodeContext & { env: Env; tenant: Tenant }
