import { HTTPException } from 'hono/http-exception'
import { mediaType, readText } from '../../http/body.ts'
import type { PageContext } from './page.ts'

/** A form as it was sent: each field once, or it is refused. */
export type Form = { field(name: string): string }

/** @throws {HTTPException} 415 for another kind of body, 400 for a field that is repeated or no UTF-8. */
export async function readForm(c: PageContext): Promise<Form> {
  if (mediaType(c) !== 'application/x-www-form-urlencoded') {
    throw new HTTPException(415, { message: 'Send the form as application/x-www-form-urlencoded.' })
  }
  const fields = new URLSearchParams(await readText(c))
  return {
    field(name) {
      const [value = '', ...others] = fields.getAll(name)
      if (others.length > 0) throw new HTTPException(400, { message: `${name} is given more than once.` })
      if (value.includes('\uFFFD')) throw new HTTPException(400, { message: `${name} is not valid UTF-8.` })
      return value
    },
  }
}
