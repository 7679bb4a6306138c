import type { Context } from 'hono'
import { fault } from './errors.ts'

/** The one answer to every code that is not good, whatever the reason. */
export function refuse(c: Context): Response {
  return c.json(fault(401, 'The password reset code is not valid for this e-mail address.'), 401)
}
