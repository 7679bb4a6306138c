import type { Answer } from '../codes/challenge.ts'
import { releaseReservation, reserveCode, settleReservation, type Holder } from '../codes/redeem.ts'
import type { Reservation } from '../codes/reservation-store.ts'
import { config } from '../config.ts'
import { hmac } from '../crypto/keyring.ts'
import { queueDeliveries, queueNotices } from '../delivery/outbox.ts'
import { setPassword as askHook } from '../hooks/password-hook.ts'
import type { Hook } from '../hooks/webhook.ts'
import { faultName } from '../log.ts'
import type { ReadContext, VisitorEnv } from './app-env.ts'
import { codeContextOf, outboxOf, visitorContextOf } from './context.ts'
import { noted, type NotAccepted } from './present-code.ts'

/** The bound on a new password, which is the tenant's to judge beyond that. */
export const PASSWORD_LENGTH_MAX = 1_024

/** Seconds after which it is worth calling a hook again that has failed. */
export const HOOK_RETRY_S = 5

export type SetPasswordOutcome =
  | ({ tag: 'set'; hasAnswered: boolean } & Holder)
  | NotAccepted
  /** The hook's reason, for the user to read. The code is as it was before. */
  | { tag: 'hook-refused'; reason: string }
  /** The hook could not be asked. The code is as it was before. */
  | { tag: 'hook-failed' }

/**
 * Hands a new password to the tenant's hook, and redeems the code exactly when the hook has set it. The password
 * is neither stored nor logged.
 */
export async function setPassword(
  c: ReadContext<VisitorEnv>,
  hook: Hook,
  {
    email,
    code,
    newPassword,
    answer,
  }: { email: string; code: string; newPassword: string; answer?: Answer | undefined },
): Promise<SetPasswordOutcome> {
  const reservationId = crypto.randomUUID()
  const context = visitorContextOf(c)
  const outcome = noted(c, await reserveCode(context, email, code, reservationId, answer))
  if (outcome.tag !== 'accepted') return outcome
  const { userId, codeId } = outcome
  const reservation = { userId, codeId, reservationId, requestedAt: c.get('now'), network: context.network }
  const redeemed = redeemThrough(c, hook, outcome, reservation, newPassword)
  // A caller who hangs up ends the request; what the hook has set is settled all the same.
  c.executionCtx.waitUntil(redeemed.catch(() => undefined))
  return redeemed
}

async function redeemThrough(
  c: ReadContext<VisitorEnv>,
  hook: Hook,
  holder: Holder & { hasAnswered: boolean },
  reservation: Reservation,
  newPassword: string,
): Promise<SetPasswordOutcome> {
  const { userId, codeId, userName, emailAddress } = holder
  const now = c.get('now')
  const { transientKeys, isLocalRun } = config(c.env)
  // The same for every attempt at this password with this code, so that the hook can tell a repetition.
  const id = hmac(transientKeys[0], ['password-hook', codeId, newPassword]).toString('base64url')
  const user = { id: userId, userName, emailAddress }
  const outcome = await askHook({ hook, id, user, newPassword, now }, isLocalRun)
  switch (outcome.tag) {
    case 'set':
      await settle(c, reservation)
      queueNotices(outboxOf(c), 'redeemed', [userId])
      return { ...holder, tag: 'set' }
    case 'refused':
      await releaseReservation(codeContextOf(c), reservation, 'hook-refused')
      c.get('log').outcome = 'hook-refused'
      return { tag: 'hook-refused', reason: outcome.reason }
    case 'failed':
      await releaseReservation(codeContextOf(c), reservation, outcome.cause)
      c.get('log').outcome = outcome.cause
      c.header('Retry-After', String(HOOK_RETRY_S))
      return { tag: 'hook-failed' }
  }
}

/** The hook has set the password. If the database cannot record that now, the queue brings it later. */
async function settle(c: ReadContext<VisitorEnv>, reservation: Reservation): Promise<void> {
  try {
    await settleReservation(codeContextOf(c), reservation)
  } catch (error) {
    c.get('log').fault = faultName(error)
    await queueDeliveries(outboxOf(c), [{ kind: 'settlement', tenantId: c.get('tenant').id, ...reservation }])
  }
}
