import type { Recorded } from '../audit/admin-event-store.ts'
import type { Actor } from '../audit/admin-event.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { DeskPolicy } from '../tenants/desk-policy.ts'
import { runApart } from './apart.ts'
import { drawCode, newCodeDigest, type CodeMode } from './code.ts'
import { codeScope, type CodeContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import type { IdempotentCall } from './idempotent-call.ts'
import { claim, type EarlierCall } from './idempotent-call-store.ts'
import { rulesOf, type BrokenGlass } from './desk-rules.ts'
import { sealApproval } from './approval.ts'
import { AWAITING } from './desk-issue-store.ts'
import { issueAll, type IssueEntry, type IssueRefusal, type IssueResult } from './issue-store.ts'

/** One user of a bulk issue. With a `fault`, refused whoever the user is, and recorded as such. */
export type IssueRequest<Fault extends string> = { emailAddress: string } & Way &
  (
    | { tag: 'wanted'; ttlMs: number; isFreshStart: boolean; glass?: BrokenGlass | undefined }
    | { tag: 'faulty'; fault: Fault }
  )

/** What an issue works with: the rules of the desk, and the keys that a code which waits is sealed with. */
export type IssueContext = CodeContext & { desk: DeskPolicy | undefined; transientKeys: Keyring }

/** Which way a code is to go: for the record, since nobody is mailed here. */
type Way = Pick<IssueEntry<string>, 'channel' | 'customKey'>

export type IssueOutcome<Fault extends string> =
  | { tag: 'issued'; code: string; codeId: string; userId: string; emailKey: string; expiresAt: number }
  | { tag: 'refused'; reason: IssueRefusal<Fault> }
  /** A second person has to approve it. */
  | { tag: 'awaiting'; requestId: string }
  /** Through a fault of ours, named for the log: the code that the user had is as it was. */
  | { tag: 'failed'; fault: string }

/**
 * Issues a code to each user, superseding the one they had. A user asked for twice gets the last
 * code alone; the earlier entries say so instead of showing a code that is already dead.
 *
 * @param call where the call may be repeated.
 * @returns every request with its outcome, in their order.
 * @throws {RepeatedCall} when it was made before: see {@link issuedBefore}. Nothing is changed then.
 */
export async function issueCodes<Fault extends string, Request extends IssueRequest<Fault>>(
  context: IssueContext,
  actor: Actor,
  mode: CodeMode,
  requests: readonly Request[],
  call?: IdempotentCall,
): Promise<{ request: Request; outcome: IssueOutcome<Fault> }[]> {
  const [pepper] = context.peppers
  const drafts = requests.map((request, number) =>
    draftOf<Fault, Request>(context, mode, request, call?.bytesOf(pepper, call.nonce, number)),
  )
  refuseRepeated(drafts)
  await Promise.all(drafts.filter(mayWait).map((draft) => sealWaiting(context.transientKeys, draft)))
  const scope = codeScope(context, mode)
  const recorded = await runApart(drafts, (some) =>
    issueAll<Fault, Draft<Fault, Request>>(scope, actor, pepper.id, some, (eventIdPrefix) =>
      call ? claim(scope, call, { part: partOf(drafts, some), pepperId: pepper.id, eventIdPrefix }) : [],
    ),
  )
  return recorded.map((each) =>
    each.tag === 'done'
      ? { request: each.done.item.request, outcome: outcomeOf(each.done) }
      : { request: each.item.request, outcome: { tag: 'failed', fault: each.fault } },
  )
}

/** The number of the first of some items of a call. */
function partOf<Item>(all: readonly Item[], [first]: readonly Item[]): number {
  return first === undefined ? 0 : all.indexOf(first)
}

/**
 * The outcomes of an earlier call, with the codes that it has issued: derived anew, since none is stored.
 *
 * @param requests what was asked for, as it was understood then.
 */
export function issuedBefore<Fault extends string, Request extends IssueRequest<Fault>>(
  { policy, peppers }: Pick<CodeContext, 'policy' | 'peppers'>,
  requests: readonly Request[],
  call: IdempotentCall,
  { nonce, pepperId, entries }: EarlierCall,
): { request: Request; outcome: IssueOutcome<Fault> }[] {
  const pepper = peppers.find(({ id }) => id === pepperId)
  if (pepper === undefined) throw new Error('the pepper of an earlier call is gone')
  return requests.map((request, number) => {
    const earlier = entries.get(number)
    if (earlier === undefined) return { request, outcome: { tag: 'failed', fault: 'RepeatedCall' } }
    const { eventId, result, userId, at } = earlier
    const emailKey = canonicalEmailAddress(request.emailAddress)
    if (result === AWAITING) return { request, outcome: { tag: 'awaiting', requestId: eventId } }
    if (result !== 'issued' || request.tag !== 'wanted' || emailKey === undefined || userId === null) {
      return { request, outcome: { tag: 'refused', reason: result as IssueRefusal<Fault> } }
    }
    const code = drawCode(policy, call.bytesOf(pepper, nonce, number))
    const expiresAt = at + request.ttlMs
    return { request, outcome: { tag: 'issued', code, codeId: eventId, userId, emailKey, expiresAt } }
  })
}

type Draft<Fault extends string, Request> = IssueEntry<Fault> & { request: Request; code: string }

function outcomeOf<Fault extends string>({
  item: { code, emailKey, expiresAt },
  eventId,
  result,
  userId,
}: Recorded<Draft<Fault, unknown>, IssueResult<Fault>>): IssueOutcome<Fault> {
  if (result === AWAITING) return { tag: 'awaiting', requestId: eventId }
  if (result !== 'issued') return { tag: 'refused', reason: result }
  if (emailKey === null || userId === null) throw new Error('a code was issued to nobody')
  return { tag: 'issued', code, codeId: eventId, userId, emailKey, expiresAt }
}

function draftOf<Fault extends string, Request extends IssueRequest<Fault>>(
  { tenantId, policy, peppers, now, desk }: IssueContext,
  mode: CodeMode,
  request: Request,
  bytes?: () => Uint8Array,
): Draft<Fault, Request> {
  const isWanted = request.tag === 'wanted'
  const code = drawCode(policy, bytes)
  const emailKey = canonicalEmailAddress(request.emailAddress) ?? null
  const binding = { tenantId, emailKey: emailKey ?? '', mode }
  const rules = rulesOf(desk, mode, request.channel)
  return {
    request,
    code,
    emailKey,
    fault: isWanted ? null : request.fault,
    isFreshStart: isWanted && request.isFreshStart,
    channel: request.channel,
    customKey: request.customKey,
    isRefusedAtRisk: policy.highRisk === 'restrict' && request.channel !== 'EMAIL',
    digest: newCodeDigest(peppers, binding, code).digest,
    expiresAt: isWanted ? now + request.ttlMs : now,
    rules,
    glass: isWanted ? request.glass : undefined,
    waiting: undefined,
  }
}

/** Whether a second person may have to approve it. */
function mayWait({ rules, fault, glass }: IssueEntry<string>): boolean {
  return rules.fourEyes !== 'nobody' && fault === null && glass === undefined
}

/** Sealing takes a while: only what may have to wait is sealed. */
async function sealWaiting(keys: Keyring, draft: Draft<string, IssueRequest<string>>): Promise<void> {
  const { code, request } = draft
  if (request.tag === 'faulty') return
  draft.waiting = { ttlMs: request.ttlMs, sealed: await sealApproval(keys, { code, request }) }
}

function refuseRepeated(entries: IssueEntry<string>[]): void {
  const seen = new Set<string>()
  for (const entry of entries.toReversed()) {
    if (entry.fault !== null || entry.emailKey === null) continue
    if (seen.has(entry.emailKey)) entry.fault = 'repeated'
    seen.add(entry.emailKey)
  }
}
