import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { VisitorEnv } from '../../http/app-env.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { redeemForGrant } from '../../http/present-code.ts'
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
  const { emailAddress, passwordResetCode } = await readParameters(c, ['emailAddress', 'passwordResetCode'])
  const outcome = await redeemForGrant(c, redeem, emailAddress, passwordResetCode)
  switch (outcome.tag) {
    case 'granted': {
      const { userName, emailAddress: storedAddress, resetGrant } = outcome
      return c.json({ userName, emailAddress: storedAddress, resetGrant }, 200, {
        'Content-Type': contentType,
      })
    }
    case 'refused':
      return refuse(c)
  }
}
