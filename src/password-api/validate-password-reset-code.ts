import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'
import { validateCode } from '../codes/lifecycle.ts'
import { codeContextOf } from '../request-context.ts'
import { negotiateMediaType } from './media-types.ts'
import { readParameters } from './parameters.ts'

/** The one answer to every code that is not valid, whatever the reason. */
export const REFUSAL = 'The password reset code is not valid for this e-mail address.'

/**
 * `POST /api/passwordmanagement/validatePasswordResetCode`: says whose code it is, and consumes
 * nothing.
 */
export async function validatePasswordResetCode(c: Context<AppEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c)
  const { emailAddress, passwordResetCode } = await readParameters(c, ['emailAddress', 'passwordResetCode'])
  const outcome = await validateCode(codeContextOf(c), emailAddress, passwordResetCode)
  switch (outcome.tag) {
    case 'valid': {
      const { userName, emailAddress: storedAddress } = outcome
      return c.json({ userName, emailAddress: storedAddress }, 200, { 'Content-Type': contentType })
    }
    case 'refused':
      c.var.log.outcome = outcome.reason
      throw new HTTPException(401, { message: REFUSAL })
  }
}
