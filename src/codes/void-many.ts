import { COUNTER_DIGITS, newEventIdPrefix, type Actor } from '../audit/admin-event.ts'
import type { TenantScope } from '../database/scope.ts'
import { runClaimed } from './idempotent-call-store.ts'
import { beginJob, voidEverything, type VoidJob } from './void-many-store.ts'
import type { VoidRequest } from './void-request.ts'

export type VoidedMany =
  /** Every code that was committed before is dead. */
  | { tag: 'all'; at: number }
  /** What is concerned is voided, or counted, in the background. */
  | { tag: 'begun'; job: VoidJob }
  /** The administrator has too many jobs that are not done. */
  | { tag: 'too-many' }

/**
 * Voids all codes of a tenant, or begins to void some of them: one round trip, with the event of the whole.
 *
 * @param claimed what the transaction begins with, where the call may be repeated.
 */
export async function voidMany(
  scope: TenantScope,
  actor: Actor,
  request: VoidRequest,
  claimed: (eventIdPrefix: string) => D1PreparedStatement[] = () => [],
): Promise<VoidedMany> {
  const prefix = newEventIdPrefix(scope.now)
  const eventId = prefix + '0'.repeat(COUNTER_DIGITS)
  const statements =
    request.tag === 'all'
      ? voidEverything(scope, actor, request.modes, eventId)
      : beginJob(scope, actor, request.job, eventId)
  const [begun] = await runClaimed(scope.db, claimed(prefix), statements)
  if (request.tag === 'all') return { tag: 'all', at: scope.now }
  const [job] = (begun?.results ?? []) as VoidJob[]
  return job ? { tag: 'begun', job } : { tag: 'too-many' }
}
