import type { CodeContext } from '../codes/code-context.ts'
import { faultName } from '../log.ts'
import type { Tenant } from '../tenants/tenant.ts'
import type { DeliveryEvent } from './delivery-store.ts'
import type { Lane } from './lane.ts'
import type { Delivery } from './mailer.ts'
import type { AlertMessage, CodeMessage, NoticeMessage, ProofMessage } from './message.ts'
import type { Slots } from '../hooks/slots.ts'

/** What the handling of one message ended in; `failed` and `deferred` are tried again. */
export type DeliveryOutcome = {
  outcome: 'delivered' | 'dropped' | 'rejected' | 'failed' | 'deferred'
  /** Why nothing was sent, where it was not the mailer that refused. */
  reason?: string
  /** Class of an error of ours. */
  fault?: string
}

/** What deliveries of one tenant work with. */
export type DeliveryContext = CodeContext & {
  env: Env
  tenant: Tenant
  lane: Lane
  /** Calls that the whole batch may have under way at once. */
  slots: Slots
}

/** What is to be done about one message. */
export type Plan =
  | {
      tag: 'mail'
      delivery: Delivery
      /** What an event of its end is about, where there is one. */
      about?: Pick<DeliveryEvent, 'userId' | 'subjectId' | 'occurredAt'>
    }
  | { tag: 'end'; ended: DeliveryOutcome; event?: DeliveryEvent }

export type Planned = { message: CodeMessage | NoticeMessage | AlertMessage | ProofMessage; plan: Plan }

/** A message with its plan; one that cannot be planned fails alone. */
export async function planApart(message: Planned['message'], planning: Promise<Plan>): Promise<Planned> {
  return { message, plan: await planning.catch((error: unknown) => planOfFault(faultName(error))) }
}

/** The plan for a message that a fault of ours keeps from being handled. */
export function planOfFault(fault: string): Plan {
  return { tag: 'end', ended: { outcome: 'failed', fault } }
}
