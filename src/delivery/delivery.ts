import type { CodeContext } from '../codes/code-context.ts'
import type { Tenant } from '../tenants/tenant.ts'

/** What the handling of one message ended in; `failed` is tried again. */
export type DeliveryOutcome = {
  outcome: 'delivered' | 'dropped' | 'rejected' | 'failed'
  /** Why nothing was sent, where it was not the mailer that refused. */
  reason?: string
}

/** What a delivery works with. */
export type DeliveryContext = CodeContext & { env: Env; tenant: Tenant }
