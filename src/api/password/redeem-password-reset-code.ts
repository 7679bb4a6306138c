import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { VisitorEnv } from '../../http/app-env.ts'
import { config } from '../../config.ts'
import { redeemCode } from '../../codes/redeem.ts'
import { queueNotices } from '../../delivery/outbox.ts'
import { resetGrantSigner } from '../../codes/reset-grant.ts'
import { countPresented } from '../../http/client-limits.ts'
import { visitorContextOf, outboxOf } from '../../http/context.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { acceptedOf, answerOf, askQuestion } from './challenge.ts'
import { RESPONSE_TYPES } from './media-types.ts'
import { readParameters } from './parameters.ts'
import { refuse } from './refusal.ts'

/**
 * `POST /api/passwordmanagement/redeemPasswordResetCode`: exchanges a code, once, for a reset grant
 * that the tenant's own service trusts. Ours; the vendor has no such operation.
 */
export async function redeemPasswordResetCode(c: Context<VisitorEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c, RESPONSE_TYPES)
  const tenant = c.get('tenant')
  const now = c.get('now')
  const { redeem } = tenant.policy
  if (redeem?.kind !== 'grant') {
    throw new HTTPException(501, {
      message:
        'This tenant gives no reset grants: set policy.redeem to {"kind": "grant", "audience": "..."}.',
    })
  }
  const { emailAddress, passwordResetCode, challenge } = await readParameters(c, [
    'emailAddress',
    'passwordResetCode',
  ])
  const answer = answerOf(c, challenge)
  const sign = await resetGrantSigner(config(c.env))
  const outcome = await redeemCode(visitorContextOf(c), emailAddress, passwordResetCode, answer)
  switch (outcome.tag) {
    case 'accepted': {
      countPresented(c, 'right')
      const { userId, codeId } = outcome
      const { audience, ttlSeconds } = redeem
      const grant = { tenantId: tenant.id, userId, codeId, audience, ttlSeconds }
      const resetGrant = await sign(grant, now)
      queueNotices(outboxOf(c), 'redeemed', [userId])
      return c.json({ ...acceptedOf(outcome), resetGrant }, 200, { 'Content-Type': contentType })
    }
    case 'asked':
      return askQuestion(c, outcome, contentType)
    case 'refused':
      return refuse(c, outcome)
  }
}
