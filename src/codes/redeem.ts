import type { Verdict } from '../database/schema.ts'
import { codeDigests, normaliseCode } from './code.ts'
import { codeScope, type CodeContext, type VisitorContext } from './code-context.ts'
import { canonicalEmailAddress } from './email-address.ts'
import { judge, type Presented, type Purpose } from './redeem-store.ts'
import { release, settleRedeemed, type Reservation } from './reservation-store.ts'

/** The rules of a code that a user presents for resetting a password: it is validated or redeemed. */

const MODE = 'PASSWORD_RESET'

/** How long a password hook may take before its reservation lapses by itself. */
export const RESERVATION_MS = 30_000

export type Holder = { userId: string; codeId: string; userName: string; emailAddress: string }

export type RedeemOutcome =
  | ({ tag: 'accepted' } & Holder)
  | { tag: 'refused'; reason: Exclude<Verdict, 'match'>; lockedUserId: string | undefined }

/** Checks a code and consumes nothing; a wrong one is counted. */
export function validateCode(context: VisitorContext, emailAddress: string, presented: string) {
  return present(context, emailAddress, presented, { tag: 'validate' })
}

/** Redeems a code: of any number of parallel calls with the right one, exactly one is accepted. */
export function redeemCode(context: VisitorContext, emailAddress: string, presented: string) {
  return present(context, emailAddress, presented, { tag: 'redeem' })
}

/** Keeps a right code for one redeem, until it is settled or {@link RESERVATION_MS} have passed. */
export function reserveCode(
  context: VisitorContext,
  emailAddress: string,
  presented: string,
  reservationId: string,
) {
  const until = context.now + RESERVATION_MS
  return present(context, emailAddress, presented, { tag: 'reserve', reservationId, until })
}

/** Ends a reservation: the hook has set the password. Doing it again changes nothing. */
export async function settleReservation(context: CodeContext, reservation: Reservation): Promise<void> {
  await settleRedeemed(codeScope(context, MODE), reservation)
}

/** Ends a reservation: the hook has not set the password, and the code is as it was before. */
export async function releaseReservation(
  context: CodeContext,
  reservation: Reservation,
  reason: string,
): Promise<void> {
  await release(codeScope(context, MODE), reservation, reason)
}

async function present(
  context: VisitorContext,
  emailAddress: string,
  presented: string,
  purpose: Purpose,
): Promise<RedeemOutcome> {
  const { tenantId, policy, peppers, network, client } = context
  const emailKey = canonicalEmailAddress(emailAddress) ?? ''
  const code = normaliseCode(presented, policy.alphabet)
  const digests = codeDigests(peppers, { tenantId, emailKey, mode: MODE }, code)
  const found = await judge(
    codeScope(context, MODE),
    emailKey,
    digests.map(({ digest }) => digest),
    { network, client },
    purpose,
  )
  return outcomeOf(found)
}

function outcomeOf(found: Presented | undefined): RedeemOutcome {
  // A tenant that was deleted a moment ago has no rows, and this isolate may know it for some seconds yet.
  if (found === undefined) return { tag: 'refused', reason: 'unknown', lockedUserId: undefined }
  const { verdict, isLock, userId, codeId, userName, email } = found
  if (verdict !== 'match') {
    return { tag: 'refused', reason: verdict, lockedUserId: isLock ? userId : undefined }
  }
  if (userName === null || email === null) throw new Error('a code without a holder was accepted')
  return { tag: 'accepted', userId, codeId, userName, emailAddress: email }
}
