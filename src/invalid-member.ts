import * as v from 'valibot'
import { isRecord } from './record.ts'

/** A member that is wrong, by its path, and what is wrong with it: to be read one behind the other. */
export type InvalidMember = { member: string; problem: string }

type Checked<Output> = { tag: 'valid'; output: Output } | { tag: 'invalid'; errors: InvalidMember[] }

/** Members that are told at once: whoever has more of them wrong begins with these. */
const ERRORS_MAX = 50

/**
 * Checks what was sent against its schema, and names every member that is wrong.
 *
 * @param root the name of the whole, to be put before the names of its members.
 */
export function checkMembers<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
  root = '',
): Checked<v.InferOutput<Schema>> {
  const problems = new Map<string, string>()
  let rest = input
  let before: number
  // A schema names one unknown member of each object. It is taken away, and the rest is looked at again, as long
  // as that brings anything new.
  do {
    before = problems.size
    const result = v.safeParse(schema, rest)
    if (result.success && before === 0) return { tag: 'valid', output: result.output }
    for (const issue of result.issues ?? []) {
      const member = [root, v.getDotPath(issue)].filter(Boolean).join('.') || 'The body'
      if (!problems.has(member)) problems.set(member, problemOf(issue))
      if (issue.expected === 'never') rest = without(rest, issue.path?.map(({ key }) => String(key)) ?? [])
    }
  } while (problems.size > before && problems.size < ERRORS_MAX)
  const errors = [...problems].map(([member, problem]) => ({ member, problem }))
  return { tag: 'invalid', errors: errors.slice(0, ERRORS_MAX) }
}

/** Says what is wrong with a member, as the words that follow the member's name. */
export function problemOf({ type, expected, received, path, message }: v.BaseIssue<unknown>): string {
  if (!type.endsWith('object') || path === undefined) return message
  // The object's schema reports a missing or unknown member, with a message that is about the object.
  if (expected === 'never') return 'is not a member'
  return received === 'undefined' ? 'is required' : message
}

/** A copy without the member at the path. */
function without(value: unknown, [name, ...below]: readonly string[]): unknown {
  if (!isRecord(value) || name === undefined) return value
  const { [name]: member, ...others } = value
  return below.length === 0 ? others : { ...others, [name]: without(member, below) }
}
