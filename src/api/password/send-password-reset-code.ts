import type { Context } from 'hono'
import type { VisitorEnv } from '../../http/app-env.ts'
import { askForCode } from '../../http/ask-for-code.ts'
import { readParameters } from './parameters.ts'

/** `POST /api/passwordmanagement/sendPasswordResetCode`: 200 and an empty body, for every address. */
export async function sendPasswordResetCode(c: Context<VisitorEnv>): Promise<Response> {
  const { emailAddress } = await readParameters(c, ['emailAddress'])
  await askForCode(c, emailAddress)
  return c.body(null, 200)
}
