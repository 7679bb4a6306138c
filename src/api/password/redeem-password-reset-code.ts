import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../../http/app-env.ts'
import { config } from '../../config.ts'
import { redeemCode } from '../../codes/redeem.ts'
import { queueNotices } from '../../delivery/outbox.ts'
import { resetGrantJwks, resetGrantSigner } from '../../codes/reset-grant.ts'
import { codeContextOf } from '../../http/context.ts'
import { negotiateMediaType } from './media-types.ts'
import { readParameters } from './parameters.ts'
import { refuse } from './refusal.ts'

/**
 * `POST /api/passwordmanagement/redeemPasswordResetCode`: exchanges a code, once, for a reset grant
 * that the tenant's own service trusts. Ours; the vendor has no such operation.
 */
export async function redeemPasswordResetCode(c: Context<AppEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c)
  const tenant = c.get('tenant')
  const now = c.get('now')
  const { redeem } = tenant.policy
  if (redeem?.kind !== 'grant') {
    throw new HTTPException(501, {
      message:
        'This tenant gives no reset grants: set policy.redeem to {"kind": "grant", "audience": "..."}.',
    })
  }
  const { emailAddress, passwordResetCode } = await readParameters(c, ['emailAddress', 'passwordResetCode'])
  const sign = await resetGrantSigner(config(c.env))
  const outcome = await redeemCode(codeContextOf(c), emailAddress, passwordResetCode)
  switch (outcome.tag) {
    case 'accepted': {
      const { userId, codeId, userName, emailAddress: storedAddress } = outcome
      const { audience, ttlSeconds } = redeem
      const grant = { tenantId: tenant.id, userId, codeId, audience, ttlSeconds }
      const resetGrant = await sign(grant, now)
      queueNotices(c, 'redeemed', [userId])
      return c.json({ userName, emailAddress: storedAddress, resetGrant }, 200, {
        'Content-Type': contentType,
      })
    }
    case 'refused':
      return refuse(c, outcome)
  }
}

/** `GET /.well-known/jwks.json`: the keys that reset grants are verified with. */
export function resetGrantKeys(c: Context<AppEnv>): Response {
  return c.json(resetGrantJwks(config(c.env)), 200, { 'Cache-Control': 'public, max-age=300' })
}
