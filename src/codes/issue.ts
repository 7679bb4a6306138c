import type { Actor } from '../audit/admin-event.ts'
import { drawCode, newCodeDigest, type CodeMode } from './code.ts'
import { codeScope, type CodeContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { ISSUE_RESULTS, issueAll, type IssueEntry } from './issue-store.ts'

/** One user of a bulk issue. With a `fault`, refused whoever the user is, and recorded as such. */
export type IssueRequest<Fault extends string> = { emailAddress: string } & (
  | { tag: 'wanted'; ttlMs: number; isFreshStart: boolean }
  | { tag: 'faulty'; fault: Fault }
)

export type IssueOutcome<Fault extends string> =
  | { tag: 'issued'; code: string; codeId: string; emailKey: string; expiresAt: number }
  | { tag: 'refused'; reason: Fault | Exclude<(typeof ISSUE_RESULTS)[number], 'issued'> }

/**
 * Issues a code to each user, superseding the one they had. A user asked for twice gets the last
 * code alone; the earlier entries say so instead of showing a code that is already dead.
 *
 * @returns every request with its outcome, in their order.
 */
export async function issueCodes<Fault extends string, Request extends IssueRequest<Fault>>(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  requests: readonly Request[],
): Promise<{ request: Request; outcome: IssueOutcome<Fault> }[]> {
  const drafts = requests.map((request) => draftOf<Fault, Request>(context, mode, request))
  refuseRepeated(drafts)
  const pepperId = context.peppers[0].id
  const recorded = await issueAll<Fault, Draft<Fault, Request>>(
    codeScope(context, mode),
    actor,
    pepperId,
    drafts,
  )
  return recorded.map(({ item: { request, code, emailKey, expiresAt }, eventId, result }) => {
    if (result !== 'issued') return { request, outcome: { tag: 'refused', reason: result } }
    if (emailKey === null) throw new Error('a code was issued for what is no address')
    return { request, outcome: { tag: 'issued', code, codeId: eventId, emailKey, expiresAt } }
  })
}

type Draft<Fault extends string, Request> = IssueEntry<Fault> & { request: Request; code: string }

function draftOf<Fault extends string, Request extends IssueRequest<Fault>>(
  { tenantId, policy, peppers, now }: CodeContext,
  mode: CodeMode,
  request: Request,
): Draft<Fault, Request> {
  const isWanted = request.tag === 'wanted'
  const code = drawCode(policy)
  const emailKey = canonicalEmailAddress(request.emailAddress) ?? null
  const binding = { tenantId, emailKey: emailKey ?? '', mode }
  return {
    request,
    code,
    emailKey,
    fault: isWanted ? null : request.fault,
    isFreshStart: isWanted && request.isFreshStart,
    digest: newCodeDigest(peppers, binding, code).digest,
    expiresAt: isWanted ? now + request.ttlMs : now,
  }
}

function refuseRepeated(entries: IssueEntry<string>[]): void {
  const seen = new Set<string>()
  for (const entry of entries.toReversed()) {
    if (entry.fault !== null || entry.emailKey === null) continue
    if (seen.has(entry.emailKey)) entry.fault = 'repeated'
    seen.add(entry.emailKey)
  }
}
