import type { Context } from 'hono'
import type { VisitorEnv } from '../../http/app-env.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { checkCode } from '../../http/present-code.ts'
import { acceptedOf, answerOf, askQuestion } from './challenge.ts'
import { RESPONSE_TYPES } from './media-types.ts'
import { readParameters } from './parameters.ts'
import { refuse } from './refusal.ts'

/**
 * `POST /api/passwordmanagement/validatePasswordResetCode`: says whose code it is, or asks
 * the user a question first, and consumes nothing.
 */
export async function validatePasswordResetCode(c: Context<VisitorEnv>): Promise<Response> {
  const contentType = negotiateMediaType(c, RESPONSE_TYPES)
  const { emailAddress, passwordResetCode, challenge } = await readParameters(c, [
    'emailAddress',
    'passwordResetCode',
  ])
  const outcome = await checkCode(c, emailAddress, passwordResetCode, answerOf(c, challenge))
  switch (outcome.tag) {
    case 'accepted':
      return c.json(acceptedOf(outcome), 200, { 'Content-Type': contentType })
    case 'asked':
      return askQuestion(c, outcome, contentType)
    case 'refused':
      return refuse(c)
  }
}
