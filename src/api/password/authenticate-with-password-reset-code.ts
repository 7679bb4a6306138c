import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { VisitorEnv } from '../../http/app-env.ts'
import { parseJson, readText } from '../../http/body.ts'
import { negotiateMediaType } from '../../http/media-types.ts'
import { PASSWORD_LENGTH_MAX, setPassword } from '../../http/set-password.ts'
import { isRecord, ownMember } from '../../record.ts'
import { acceptedOf, answerOf, askQuestion } from './challenge.ts'
import { LOGIN_RESPONSE_TYPES } from './media-types.ts'
import { refuse } from './refusal.ts'

/**
 * `POST /api/login/authenticateWithPasswordResetCode`: hands the new password to the tenant's hook, and
 * redeems the code exactly when the hook has set it.
 *
 * @throws {HTTPException} 400 with the hook's reason, or 503; the code is then as it was before.
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
  const outcome = await setPassword(c, redeem, await readRequest(c))
  switch (outcome.tag) {
    case 'set':
      return c.json(acceptedOf(outcome), 200, { 'Content-Type': contentType })
    case 'asked':
      return askQuestion(c, outcome, contentType)
    case 'refused':
      return refuse(c)
    case 'hook-refused':
      throw new HTTPException(400, { message: outcome.reason })
    case 'hook-failed':
      throw new HTTPException(503, {
        message: 'The password could not be set. The code is still good: try again.',
      })
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
