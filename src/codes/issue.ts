import type { Actor } from '../audit/admin-event.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { drawCode, newCodeDigest, type CodeMode } from './code.ts'
import type { Scope } from './code-store.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { issue, type IssueEntry } from './issue-store.ts'
import { voidAll } from './void-store.ts'

/** The rules of what administrators do with codes: issue and void. Knows neither HTTP nor SQL. */

export type CodeContext = {
  db: D1Database
  tenant: Tenant
  peppers: Keyring
  now: number
}

/** One user of a bulk issue. With a `fault`, refused whoever the user is, and recorded as such. */
export type IssueRequest<Fault extends string> = { emailAddress: string } & (
  | { tag: 'wanted'; ttlMs: number; isFreshStart: boolean }
  | { tag: 'faulty'; fault: Fault }
)

export type IssueOutcome<Fault extends string> =
  | { tag: 'issued'; code: string; codeId: string; emailKey: string; expiresAt: number }
  | { tag: 'refused'; reason: Fault | 'unknown' | 'disabled' | 'locked' | 'repeated' }

/**
 * Issues a code to each user, superseding the one they had. A user asked for twice gets the last
 * code alone; the earlier entries say so instead of showing a code that is already dead.
 *
 * @returns one outcome per request, in their order.
 */
export async function issueCodes<Fault extends string>(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  requests: readonly IssueRequest<Fault>[],
): Promise<IssueOutcome<Fault>[]> {
  const drafts = requests.map((request) => draftOf(context, mode, request))
  const entries = drafts.map(({ entry }) => entry)
  refuseRepeated(entries)
  const recorded = await issue(scopeOf(context, mode), actor, context.peppers[0].id, entries)
  return drafts.map(({ entry: { emailKey, expiresAt }, code }, index) => {
    const { eventId = '', result } = recorded[index] ?? {}
    return result === 'issued'
      ? { tag: 'issued', code, codeId: eventId, emailKey: emailKey ?? '', expiresAt }
      : { tag: 'refused', reason: result as Extract<IssueOutcome<Fault>, { tag: 'refused' }>['reason'] }
  })
}

function draftOf<Fault extends string>(
  { tenant, peppers, now }: CodeContext,
  mode: CodeMode,
  request: IssueRequest<Fault>,
): { code: string; entry: IssueEntry } {
  const isWanted = request.tag === 'wanted'
  const code = drawCode(tenant.policy.code)
  const emailKey = canonicalEmailAddress(request.emailAddress) ?? null
  const binding = { tenantId: tenant.id, emailKey: emailKey ?? '', mode }
  const entry = {
    emailKey,
    fault: isWanted ? null : request.fault,
    isFreshStart: isWanted && request.isFreshStart,
    digest: newCodeDigest(peppers, binding, code).digest,
    expiresAt: isWanted ? now + request.ttlMs : now,
  }
  return { code, entry }
}

function refuseRepeated(entries: IssueEntry[]): void {
  const seen = new Set<string>()
  for (const entry of entries.toReversed()) {
    if (entry.fault !== null || entry.emailKey === null) continue
    if (seen.has(entry.emailKey)) entry.fault = 'repeated'
    seen.add(entry.emailKey)
  }
}

/** What a void did for one user, or why it found nothing to void. */
export type VoidResult =
  | 'voided'
  | 'unknown'
  | 'disabled'
  | 'none'
  | 'redeemed'
  | 'expired'
  | 'voided-before'
  | 'in-use'
  | 'locked'

export type VoidOutcome = { result: VoidResult; userId: string | null }

/**
 * Ends the live codes of all the users, in one operation on a set: a user named twice gets the same
 * outcome twice.
 *
 * @returns one outcome per address, in their order.
 */
export async function voidCodes(
  context: CodeContext,
  actor: Actor,
  mode: CodeMode,
  emailAddresses: readonly string[],
): Promise<VoidOutcome[]> {
  const numbers = new Map<string, number>()
  const emailKeys: (string | null)[] = []
  const numberOf = emailAddresses.map((emailAddress) => {
    const emailKey = canonicalEmailAddress(emailAddress) ?? null
    const name = emailKey ?? `not an address: ${emailAddress}`
    const number = numbers.get(name) ?? emailKeys.push(emailKey) - 1
    numbers.set(name, number)
    return number
  })
  const recorded = await voidAll(scopeOf(context, mode), actor, emailKeys)
  return numberOf.map((number) => {
    const { result, userId } = recorded[number] ?? {}
    return { result: result as VoidResult, userId: userId ?? null }
  })
}

export function scopeOf({ db, tenant, now }: CodeContext, mode: CodeMode): Scope {
  return { db, tenantId: tenant.id, mode, caps: tenant.policy.code, now }
}
