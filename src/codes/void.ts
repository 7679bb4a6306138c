import type { Actor } from '../audit/admin-event.ts'
import { runApart } from './apart.ts'
import type { CodeMode } from './code.ts'
import { codeScope, type CodeContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { voidAll, type VoidResult } from './void-store.ts'

/** One request of a void, and what became of the code of its user; `fault` says why it failed, for the log. */
export type VoidOutcome<Request> = { request: Request } & (
  | { result: VoidResult; userId: string | null }
  | { result: 'failed'; fault: string }
)

/**
 * Ends the live codes of all the users, in one operation on a set: a user named twice gets the same
 * outcome twice.
 *
 * @returns every request with its outcome, in their order.
 */
export async function voidCodes<Request extends { emailAddress: string }>(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  requests: readonly Request[],
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
  const scope = codeScope(context, mode)
  const recorded = await runApart(emailKeys, (some) => voidAll(scope, actor, some))
  return numbered.map(({ request, number }) => {
    const outcome = recorded[number]
    if (outcome === undefined) throw new Error('a user of a void has no outcome')
    if (outcome.tag === 'failed') return { request, result: 'failed', fault: outcome.fault }
    const { result, userId } = outcome.done
    return { request, result, userId }
  })
}
