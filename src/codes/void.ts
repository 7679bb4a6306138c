import type { Actor } from '../audit/admin-event.ts'
import { runApart } from './apart.ts'
import type { CodeMode } from './code.ts'
import { codeScope, type CodeContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import type { IdempotentCall } from './idempotent-call.ts'
import { claim, type EarlierCall } from './idempotent-call-store.ts'
import { VOID_RESULTS, voidAll, type VoidResult } from './void-store.ts'

/** One request of a void, and what became of the code of its user; `fault` says why it failed, for the log. */
export type VoidOutcome<Request> = { request: Request } & (
  | { result: VoidResult; userId: string | null }
  | { result: 'failed'; fault: string }
)

/**
 * Ends the live codes of all the users, in one operation on a set: a user named twice gets the same
 * outcome twice.
 *
 * @param call where the call may be repeated.
 * @returns every request with its outcome, in their order.
 * @throws {RepeatedCall} when it was made before: see {@link voidedBefore}. Nothing is changed then.
 */
export async function voidCodes<Request extends Named>(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  requests: readonly Request[],
  call?: IdempotentCall,
): Promise<VoidOutcome<Request>[]> {
  const scope = codeScope(context, mode)
  const pepperId = context.peppers[0].id
  const { items, outcomesOf } = usersOf(requests)
  const recorded = await runApart(items, async (some) => {
    const [{ part } = { part: 0 }] = some
    const keys = some.map(({ emailKey }) => emailKey)
    return voidAll(scope, actor, keys, (eventIdPrefix) =>
      call ? claim(scope, call, { part, pepperId, eventIdPrefix }) : [],
    )
  })
  return outcomesOf(
    recorded.map((each) => (each.tag === 'failed' ? { result: 'failed', fault: each.fault } : each.done)),
  )
}

/** The outcomes of an earlier call. */
export function voidedBefore<Request extends Named>(
  requests: readonly Request[],
  { entries }: EarlierCall,
): VoidOutcome<Request>[] {
  const { items, outcomesOf } = usersOf(requests)
  const ended = items.map(({ part }): Ended => {
    const earlier = entries.get(part)
    const result = VOID_RESULTS.find((known) => known === earlier?.result)
    if (earlier === undefined || result === undefined) return { result: 'failed', fault: 'RepeatedCall' }
    return { result, userId: earlier.userId }
  })
  return outcomesOf(ended)
}

type Named = { emailAddress: string }
type Ended = { result: VoidResult; userId: string | null } | { result: 'failed'; fault: string }

/** How many users some requests name. */
export function countUsers(requests: readonly Named[]): number {
  return usersOf(requests).items.length
}

/** Each user of some requests once, and what the requests get by the outcomes of the users. */
function usersOf<Request extends Named>(requests: readonly Request[]) {
  const parts = new Map<string, number>()
  const items: { emailKey: string | null; part: number }[] = []
  const numbered = requests.map((request) => {
    const emailKey = canonicalEmailAddress(request.emailAddress) ?? null
    const name = emailKey ?? `not an address: ${request.emailAddress}`
    const part = parts.get(name) ?? items.push({ emailKey, part: items.length }) - 1
    parts.set(name, part)
    return { request, part }
  })
  const outcomesOf = (ended: readonly Ended[]): VoidOutcome<Request>[] =>
    numbered.map(({ request, part }) => {
      const outcome = ended[part]
      if (outcome === undefined) throw new Error('a user of a void has no outcome')
      return { request, ...outcome }
    })
  return { items, outcomesOf }
}
