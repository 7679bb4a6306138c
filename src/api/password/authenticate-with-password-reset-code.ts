import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { VisitorEnv } from '../../http/app-env.ts'
import { config } from '../../config.ts'
import { releaseReservation, reserveCode, settleReservation, type Holder } from '../../codes/redeem.ts'
import type { Reservation } from '../../codes/reservation-store.ts'
import { queueDeliveries, queueNotices } from '../../delivery/outbox.ts'
import { setPassword } from '../../hooks/password-hook.ts'
import { hmac } from '../../crypto/keyring.ts'
import { faultName } from '../../log.ts'
import { parseJson, readText } from '../../http/body.ts'
import { isRecord, ownMember } from '../../record.ts'
import { countPresented } from '../../http/client-limits.ts'
import { codeContextOf, outboxOf, visitorContextOf } from '../../http/context.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { acceptedOf, answerOf, askQuestion } from './challenge.ts'
import { LOGIN_RESPONSE_TYPES } from './media-types.ts'
import { refuse } from './refusal.ts'

const PASSWORD_LENGTH_MAX = 1_024

/** Seconds after which it is worth calling a hook again that has failed. */
const HOOK_RETRY_S = 5

/**
 * `POST /api/login/authenticateWithPasswordResetCode`: hands the new password to the tenant's hook, and
 * redeems the code exactly when the hook has set it. The password is neither stored nor logged.
 */
export async function authenticateWithPasswordResetCode(c: Context<VisitorEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c, LOGIN_RESPONSE_TYPES)
  const { redeem } = c.get('tenant').policy
  if (redeem?.kind !== 'hook') {
    throw new HTTPException(501, {
      message:
        'This tenant sets no passwords: set policy.redeem to {"kind": "hook", "url": "...", "secret": "..."}.',
    })
  }
  const { email, code, newPassword, answer } = await readRequest(c)
  const reservationId = crypto.randomUUID()
  const context = visitorContextOf(c)
  const outcome = await reserveCode(context, email, code, reservationId, answer)
  switch (outcome.tag) {
    case 'accepted': {
      countPresented(c, 'right')
      const redeemed = redeemThrough(
        c,
        redeem,
        outcome,
        { reservationId, network: context.network },
        newPassword,
      )
      // A caller who hangs up ends the request; what the hook has set is settled all the same.
      c.executionCtx.waitUntil(redeemed.catch(() => undefined))
      await redeemed
      return c.json(acceptedOf(outcome), 200, { 'Content-Type': contentType })
    }
    case 'asked':
      return askQuestion(c, outcome, contentType)
    case 'refused':
      return refuse(c, outcome)
  }
}

/** @throws {HTTPException} 400 with the hook's reason, or 503; the code is then as it was before. */
async function redeemThrough(
  c: Context<VisitorEnv>,
  hook: { url: string; secret: string },
  { userId, codeId, userName, emailAddress }: Holder,
  { reservationId, network }: { reservationId: string; network: string | null },
  newPassword: string,
): Promise<void> {
  const now = c.get('now')
  const { transientKeys, isLocalRun } = config(c.env)
  // The same for every attempt at this password with this code, so that the hook can tell a repetition.
  const id = hmac(transientKeys[0], ['password-hook', codeId, newPassword]).toString('base64url')
  const user = { id: userId, userName, emailAddress }
  const outcome = await setPassword({ hook, id, user, newPassword, now }, isLocalRun)
  const reservation = { userId, codeId, reservationId, requestedAt: now, network }
  switch (outcome.tag) {
    case 'set':
      await settle(c, reservation)
      queueNotices(outboxOf(c), 'redeemed', [userId])
      return
    case 'refused':
      await releaseReservation(codeContextOf(c), reservation, 'hook-refused')
      c.get('log').outcome = 'hook-refused'
      throw new HTTPException(400, { message: outcome.reason })
    case 'failed':
      await releaseReservation(codeContextOf(c), reservation, outcome.cause)
      c.get('log').outcome = outcome.cause
      c.header('Retry-After', String(HOOK_RETRY_S))
      throw new HTTPException(503, {
        message: 'The password could not be set. The code is still good: try again.',
      })
  }
}

/** The hook has set the password. If the database cannot record that now, the queue brings it later. */
async function settle(c: Context<VisitorEnv>, reservation: Reservation): Promise<void> {
  try {
    await settleReservation(codeContextOf(c), reservation)
  } catch (error) {
    c.get('log').fault = faultName(error)
    await queueDeliveries(outboxOf(c), [{ kind: 'settlement', tenantId: c.get('tenant').id, ...reservation }])
  }
}

/** The vendor's sample names the form media type above a JSON body, so the body alone decides. */
async function readRequest(c: Context<VisitorEnv>) {
  const body = parseJson(await readText(c))
  if (!isRecord(body)) throw new HTTPException(400, { message: 'The body must be a JSON object.' })
  const newPassword = requiredString(body, 'NewPassword')
  if (newPassword.length > PASSWORD_LENGTH_MAX) {
    throw new HTTPException(400, { message: `NewPassword is over ${PASSWORD_LENGTH_MAX} characters.` })
  }
  return {
    email: requiredString(body, 'Email'),
    code: requiredString(body, 'PasswordResetCode'),
    newPassword,
    answer: answerOf(c, ownMember(body, 'UserIdentificationChallenge')),
  }
}

function requiredString(body: Record<string, unknown>, name: string): string {
  const value = ownMember(body, name)
  if (typeof value === 'string' && value !== '') return value
  throw new HTTPException(400, { message: `${name} is required, as a string.` })
}
