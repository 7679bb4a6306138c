import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { VisitorEnv } from '../../http/app-env.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { redeemForGrant } from '../../http/present-code.ts'
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
  const { redeem } = c.get('tenant').policy
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
  const outcome = await redeemForGrant(c, redeem, emailAddress, passwordResetCode, answerOf(c, challenge))
  switch (outcome.tag) {
    case 'granted': {
      const body = { ...acceptedOf(outcome), resetGrant: outcome.resetGrant }
      return c.json(body, 200, { 'Content-Type': contentType })
    }
    case 'asked':
      return askQuestion(c, outcome, contentType)
    case 'refused':
      return refuse(c)
  }
}
