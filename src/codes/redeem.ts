import { codeDigests, normaliseCode } from './code.ts'
import { check, type Presented, type Purpose } from './redeem-store.ts'
import { canonicalEmailAddress } from './email-address.ts'
import type { Verdict } from '../database/schema.ts'
import { scopeOf, type CodeContext } from './issue.ts'
import { release, settleRedeemed, type Reservation } from './reservation-store.ts'

/** The rules of what becomes of a code that a user presents: validated or redeemed, for resetting a password. */

const MODE = 'PASSWORD_RESET'

/** How long a password hook may take before its reservation lapses by itself. */
export const RESERVATION_MS = 30_000

export type Holder = { userId: string; codeId: string; userName: string; emailAddress: string }

export type PresentationOutcome =
  | ({ tag: 'accepted' } & Holder)
  | { tag: 'refused'; reason: Exclude<Verdict, 'match'>; lockedUserId: string | undefined }

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

/** Ends a reservation: the hook has set the password. Doing it again changes nothing. */
export async function settleReservation(context: CodeContext, reservation: Reservation): Promise<void> {
  await settleRedeemed(scopeOf(context, MODE), reservation)
}

/** Ends a reservation: the hook has not set the password, and the code is as it was before. */
export async function releaseReservation(
  context: CodeContext,
  reservation: Reservation,
  reason: string,
): Promise<void> {
  await release(scopeOf(context, MODE), reservation, reason)
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
  const { verdict, isLock, userId, codeId, userName, email } = found
  if (verdict === 'match' && userName !== null && email !== null) {
    return { tag: 'accepted', userId, codeId, userName, emailAddress: email }
  }
  const reason = verdict === 'match' ? 'unknown' : verdict
  return { tag: 'refused', reason, lockedUserId: isLock ? userId : undefined }
}
