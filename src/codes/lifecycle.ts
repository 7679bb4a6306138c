import type { Actor } from '../audit/admin-event.ts'
import { newEventId } from '../audit/admin-event.ts'
import type { Keyring } from '../keyring.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { codeDigests, drawCode, newCodeDigest, normaliseCode, type CodeMode } from './code.ts'
import { check, issue, voidAll, type IssueEntry, type Recorded, type Scope } from './code-store.ts'
import { canonicalEmailAddress, maskEmailAddress } from './email-address.ts'

/** The rules of a code's life: issued, validated, voided. Knows neither HTTP nor SQL. */

export type CodeContext = {
  db: D1Database
  tenant: Tenant
  peppers: Keyring
  now: number
}

/** One user of a bulk issue. With a `fault`, refused whoever the user is, and recorded as such. */
export type IssueRequest<Fault extends string> = { emailAddress: string } & (
  | { tag: 'wanted'; ttlMs: number }
  | { tag: 'faulty'; fault: Fault }
)

export type IssueOutcome<Fault extends string> =
  | { tag: 'issued'; code: string; expiresAt: number }
  | { tag: 'refused'; reason: Fault | 'unknown' | 'disabled' | 'repeated' }

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
  const { tenant, peppers, now } = context
  const drafts = requests.map((request, index) => {
    const emailKey = canonicalEmailAddress(request.emailAddress) ?? null
    const code = drawCode(tenant.policy.code)
    const binding = { tenantId: tenant.id, emailKey: emailKey ?? '', mode }
    const entry: IssueEntry = {
      eventId: newEventId(now),
      emailKey,
      target: maskEmailAddress(request.emailAddress),
      fault: request.tag === 'faulty' ? request.fault : null,
      codeId: crypto.randomUUID(),
      ...newCodeDigest(peppers, binding, code),
      expiresAt: request.tag === 'wanted' ? now + request.ttlMs : now,
    }
    return { index, code, entry }
  })
  const lastOf = new Map(
    drafts.filter(({ entry }) => entry.fault === null).map(({ entry, index }) => [entry.emailKey, index]),
  )
  for (const { entry, index } of drafts) {
    const isRepeated = entry.emailKey !== null && lastOf.get(entry.emailKey) !== index
    if (entry.fault === null && isRepeated) entry.fault = 'repeated'
  }
  const results = byEvent(
    await issue(
      scopeOf(context, mode),
      actor,
      drafts.map(({ entry }) => entry),
    ),
  )
  return drafts.map(({ entry, code }) => {
    const result = results.get(entry.eventId) as 'issued' | Fault | 'unknown' | 'disabled' | 'repeated'
    return result === 'issued'
      ? { tag: 'issued', code, expiresAt: entry.expiresAt }
      : { tag: 'refused', reason: result }
  })
}

/** What a void did for one user, or why it found nothing to void. */
export type VoidOutcome =
  | 'voided'
  | 'unknown'
  | 'disabled'
  | 'none'
  | 'redeemed'
  | 'expired'
  | 'voided-before'
  | 'locked'

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
  const entries = new Map<string, { eventId: string; emailKey: string | null; target: string }>()
  const keys = emailAddresses.map((emailAddress) => {
    const emailKey = canonicalEmailAddress(emailAddress) ?? null
    const key = emailKey ?? `not an address: ${emailAddress}`
    const target = maskEmailAddress(emailAddress)
    if (!entries.has(key)) entries.set(key, { eventId: newEventId(context.now), emailKey, target })
    return key
  })
  const results = byEvent(await voidAll(scopeOf(context, mode), actor, [...entries.values()]))
  return keys.map((key) => results.get(entries.get(key)?.eventId ?? '') as VoidOutcome)
}

export type ValidateOutcome =
  | { tag: 'valid'; userName: string; emailAddress: string }
  | { tag: 'refused'; reason: 'unknown' | 'redeemed' | 'voided' | 'locked' | 'expired' | 'wrong' }

/** Checks a code for resetting a password. Consumes nothing; a wrong one is counted. */
export async function validateCode(
  context: CodeContext,
  emailAddress: string,
  presented: string,
): Promise<ValidateOutcome> {
  const { tenant, peppers, now } = context
  const mode = 'PASSWORD_RESET'
  const emailKey = canonicalEmailAddress(emailAddress) ?? ''
  const code = normaliseCode(presented, tenant.policy.code.alphabet)
  const digests = codeDigests(peppers, { tenantId: tenant.id, emailKey, mode }, code)
  const found = await check(
    scopeOf(context, mode),
    emailKey,
    digests.map(({ digest }) => digest),
  )
  if (found === undefined || found.userName === null || found.email === null) {
    return { tag: 'refused', reason: 'unknown' }
  }
  if (found.isMatch) return { tag: 'valid', userName: found.userName, emailAddress: found.email }
  const reason = found.endedAs ?? (found.expiresAt <= now ? 'expired' : 'wrong')
  return { tag: 'refused', reason }
}

function scopeOf({ db, tenant, now }: CodeContext, mode: CodeMode): Scope {
  return { db, tenantId: tenant.id, mode, caps: tenant.policy.code, now }
}

function byEvent(recorded: readonly Recorded[]): Map<string, string> {
  return new Map(recorded.map(({ eventId, result }) => [eventId, result]))
}
