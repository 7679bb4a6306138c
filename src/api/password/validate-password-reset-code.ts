import type { Context } from 'hono'
import type { VisitorEnv } from '../../http/app-env.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { checkCode } from '../../http/present-code.ts'
import { RESPONSE_TYPES } from './media-types.ts'
import { readParameters } from './parameters.ts'
import { refuse } from './refusal.ts'

/**
 * `POST /api/passwordmanagement/validatePasswordResetCode`: says whose code it is, and consumes
 * nothing.
 */
export async function validatePasswordResetCode(c: Context<VisitorEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c, RESPONSE_TYPES)
  const { emailAddress, passwordResetCode } = await readParameters(c, ['emailAddress', 'passwordResetCode'])
  const outcome = await checkCode(c, emailAddress, passwordResetCode)
  switch (outcome.tag) {
    case 'accepted':
      return c.json({ userName: outcome.userName, emailAddress: outcome.emailAddress }, 200, {
        'Content-Type': contentType,
      })
    case 'refused':
      return refuse(c)
  }
}
