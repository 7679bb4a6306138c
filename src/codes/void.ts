import type { Actor } from '../audit/admin-event.ts'
import { runApart } from './apart.ts'
import type { CodeMode } from './code.ts'
import { codeScope, type CodeContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { RepeatedCall, type IdempotentCall } from './idempotent-call.ts'
import { claim, findEarlier } from './idempotent-call-store.ts'
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
 * @param call where the call may be repeated: a repetition voids nothing, and gets the same answer.
 * @returns every request with its outcome, in their order.
 * @throws {KeyReused} when the call's key was used for something else.
 */
export async function voidCodes<Request extends { emailAddress: string }>(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  requests: readonly Request[],
  call?: IdempotentCall,
): Promise<VoidOutcome<Request>[]> {
  const numbers = new Map<string, number>()
  const emailKeys: (string | null)[] = []
  const numbered = requests.map((request) => {
    const { emailAddress } = request
    const emailKey = canonicalEmailAddress(emailAddress) ?? null
    const name = emailKey ?? `not an address: ${emailAddress}`
    const number = numbers.get(name) ?? emailKeys.push(emailKey) - 1
    numbers.set(name, number)
    return { request, number }
  })
  const outcomes = await endAll(context, actor, mode, emailKeys, call)
  return numbered.map(({ request, number }) => {
    const outcome = outcomes[number]
    if (outcome === undefined) throw new Error('a user of a void has no outcome')
    return { request, ...outcome }
  })
}

type Ended = { result: VoidResult; userId: string | null } | { result: 'failed'; fault: string }

async function endAll(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  emailKeys: readonly (string | null)[],
  call: IdempotentCall | undefined,
): Promise<Ended[]> {
  const scope = codeScope(context, mode)
  const pepperId = context.peppers[0].id
  const items = emailKeys.map((emailKey, part) => ({ emailKey, part }))
  try {
    const recorded = await runApart(items, async (some) => {
      const [{ part } = { part: 0 }] = some
      const keys = some.map(({ emailKey }) => emailKey)
      return voidAll(scope, actor, keys, (eventIdPrefix) =>
        call ? claim(scope, call, { part, pepperId, eventIdPrefix }) : [],
      )
    })
    return recorded.map((each) =>
      each.tag === 'failed' ? { result: 'failed', fault: each.fault } : each.done,
    )
  } catch (error) {
    if (!(error instanceof RepeatedCall) || call === undefined) throw error
    const { entries } = await findEarlier(scope, call)
    return items.map(({ part }) => {
      const earlier = entries.get(part)
      const result = VOID_RESULTS.find((known) => known === earlier?.result)
      if (earlier === undefined || result === undefined) return { result: 'failed', fault: 'RepeatedCall' }
      return { result, userId: earlier.userId }
    })
  }
}
