import type * as v from 'valibot'
import { InvalidMembers } from '../../http/problem.ts'
import { checkMembers } from '../../invalid-member.ts'

/**
 * Checks a request of the operator API against its schema.
 *
 * @throws {InvalidMembers} 400 naming every member that is wrong.
 */
export function parseRequest<Schema extends v.GenericSchema>(schema: Schema, input: unknown) {
  const checked = checkMembers(schema, input)
  if (checked.tag === 'invalid') throw new InvalidMembers(checked.errors)
  return checked.output
}
