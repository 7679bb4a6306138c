import type { Trip } from '../recording/recording-d1.ts'
import { emailOf } from '../load/subjects.ts'

/** A parameter of a statement: as it was, the user's address, or a list with one entry per user. */
export type Parameter =
  | { kind: 'constant'; value: unknown }
  | { kind: 'email' }
  | { kind: 'entries'; entries: Record<string, unknown>[] }

/** The one batch of a call, to be repeated for other users. */
export type Call = { sql: string; parameters: Parameter[] }[]

/**
 * What Rescind did for the users from number 0 on, as a template. Other users are put in by their
 * address, and events get an id of their own, since one that is used again would be refused.
 */
export function templateOf({ statements }: Trip): Call {
  return statements.map(({ sql, params }) => ({ sql, parameters: params.map(parameterOf) }))
}

function parameterOf(value: unknown): Parameter {
  if (value === emailOf(0)) return { kind: 'email' }
  if (typeof value === 'string' && value.startsWith('[{')) {
    return { kind: 'entries', entries: JSON.parse(value) as Record<string, unknown>[] }
  }
  return { kind: 'constant', value }
}
