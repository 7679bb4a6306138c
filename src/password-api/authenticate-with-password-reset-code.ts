import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'
import { config } from '../bindings.ts'
import { reserveCode, settleReservation, type Holder } from '../codes/presentation.ts'
import { queueNotices } from '../delivery/outbox.ts'
import { setPassword } from '../delivery/password-hook.ts'
import { isRecord, ownMember, parseJson, readText } from '../request-body.ts'
import { codeContextOf } from '../request-context.ts'
import { negotiateMediaType } from './media-types.ts'
import { refusal } from './refusal.ts'

const PASSWORD_LENGTH_MAX = 1_024

/** Seconds after which a hook that failed may be well again. */
const HOOK_RETRY_S = 5

/**
 * `POST /api/login/authenticateWithPasswordResetCode`: hands the new password to the tenant's hook, and
 * redeems the code exactly when the hook has set it. The password is neither stored nor logged.
 */
export async function authenticateWithPasswordResetCode(c: Context<AppEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c)
  const { redeem } = c.var.tenant.policy
  if (redeem?.kind !== 'hook') {
    throw new HTTPException(501, {
      message:
        'This tenant sets no passwords: set policy.redeem to {"kind": "hook", "url": "...", "secret": "..."}.',
    })
  }
  const { email, code, newPassword } = await readRequest(c)
  const reservationId = crypto.randomUUID()
  const outcome = await reserveCode(codeContextOf(c), email, code, reservationId)
  switch (outcome.tag) {
    case 'accepted': {
      const redeemed = redeemThrough(c, redeem, outcome, reservationId, newPassword)
      // A caller who hangs up ends the request; what the hook has set is settled all the same.
      c.executionCtx.waitUntil(redeemed.catch(() => undefined))
      await redeemed
      return c.json({ userName: outcome.userName, emailAddress: outcome.emailAddress }, 200, {
        'Content-Type': contentType,
      })
    }
    case 'refused':
      throw refusal(c, outcome)
  }
}

/** @throws {HTTPException} 400 with the hook's reason, or 503; the code is then as it was before. */
async function redeemThrough(
  c: Context<AppEnv>,
  hook: { url: string; secret: string },
  holder: Holder,
  reservationId: string,
  newPassword: string,
): Promise<void> {
  const { userId, userName, emailAddress } = holder
  const user = { id: userId, userName, emailAddress }
  const request = { hook, id: reservationId, user, newPassword, now: c.var.now }
  const outcome = await setPassword(request, config(c.env).isLocalRun)
  const context = codeContextOf(c)
  switch (outcome.tag) {
    case 'set':
      await settleReservation(context, holder, reservationId, { tag: 'redeemed' })
      queueNotices(c, 'redeemed', [userId])
      return
    case 'refused':
      await settleReservation(context, holder, reservationId, { tag: 'released', reason: 'hook-refused' })
      c.var.log.outcome = 'hook-refused'
      throw new HTTPException(400, { message: outcome.reason })
    case 'failed':
      await settleReservation(context, holder, reservationId, { tag: 'released', reason: outcome.cause })
      c.var.log.outcome = outcome.cause
      c.header('Retry-After', String(HOOK_RETRY_S))
      throw new HTTPException(503, {
        message: 'The password could not be set. The code is still good: try again.',
      })
  }
}

/** The vendor's sample names the form media type above a JSON body, so the body alone decides. */
async function readRequest(c: Context) {
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
  }
}

function requiredString(body: Record<string, unknown>, name: string): string {
  const value = ownMember(body, name)
  if (typeof value === 'string' && value !== '') return value
  throw new HTTPException(400, { message: `${name} is required, as a string.` })
}
