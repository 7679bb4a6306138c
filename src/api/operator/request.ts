import { HTTPException } from 'hono/http-exception'
import * as v from 'valibot'
import { problemOf } from '../../invalid-member.ts'

/**
 * Checks a request of the operator API against its schema.
 *
 * @throws {HTTPException} 400 naming the first member that is wrong.
 */
export function parseRequest<Schema extends v.GenericSchema>(schema: Schema, input: unknown) {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const [issue] = result.issues
  const member = v.getDotPath(issue) ?? 'The body'
  throw new HTTPException(400, { message: `${member} ${problemOf(issue)}.` })
}
