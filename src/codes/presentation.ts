import { codeDigests, normaliseCode } from './code.ts'
import {
  check,
  settle,
  type CheckResult,
  type Presented,
  type Purpose,
  type Settlement,
} from './check-store.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { scopeOf, type CodeContext } from './lifecycle.ts'

/** The rules of what becomes of a code that a user presents: validated or redeemed, for resetting a password. */

const MODE = 'PASSWORD_RESET'

/** How long a password hook may take before its reservation lapses by itself. */
export const RESERVATION_MS = 30_000

export type Holder = { userId: string; codeId: string; userName: string; emailAddress: string }

export type PresentationOutcome =
  | ({ tag: 'accepted' } & Holder)
  | { tag: 'refused'; reason: Exclude<CheckResult, 'match'>; lockedUserId: string | undefined }

/** Checks a code and consumes nothing; a wrong one is counted. */
export function validateCode(context: CodeContext, emailAddress: string, presented: string) {
  return present(context, emailAddress, presented, { tag: 'validate' })
}

/** Redeems a code: of any number of parallel calls with the right one, exactly one is accepted. */
export function redeemCode(context: CodeContext, emailAddress: string, presented: string) {
  return present(context, emailAddress, presented, { tag: 'redeem' })
}

/** Keeps a right code for one redeem, until it is settled or {@link RESERVATION_MS} have passed. */
export function reserveCode(
  context: CodeContext,
  emailAddress: string,
  presented: string,
  reservationId: string,
) {
  const until = context.now + RESERVATION_MS
  return present(context, emailAddress, presented, { tag: 'reserve', reservationId, until })
}

/** Ends the reservation: the code is redeemed, or as it was before. */
export async function settleReservation(
  context: CodeContext,
  { userId }: Holder,
  reservationId: string,
  settlement: Settlement,
): Promise<void> {
  await settle(scopeOf(context, MODE), { userId, reservationId }, settlement)
}

async function present(
  context: CodeContext,
  emailAddress: string,
  presented: string,
  purpose: Purpose,
): Promise<PresentationOutcome> {
  const { tenant, peppers } = context
  const emailKey = canonicalEmailAddress(emailAddress) ?? ''
  const code = normaliseCode(presented, tenant.policy.code.alphabet)
  const digests = codeDigests(peppers, { tenantId: tenant.id, emailKey, mode: MODE }, code)
  const found = await check(
    scopeOf(context, MODE),
    emailKey,
    digests.map(({ digest }) => digest),
    purpose,
  )
  return outcomeOf(found)
}

function outcomeOf(found: Presented | undefined): PresentationOutcome {
  if (found === undefined) return { tag: 'refused', reason: 'unknown', lockedUserId: undefined }
  const { result, isLock, userId, codeId, userName, email } = found
  if (result === 'match' && userName !== null && email !== null) {
    return { tag: 'accepted', userId, codeId, userName, emailAddress: email }
  }
  const reason = result === 'match' ? 'unknown' : result
  return { tag: 'refused', reason, lockedUserId: isLock ? userId : undefined }
}
