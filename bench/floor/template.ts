import type { Trip } from '../recording/recording-d1.ts'
import { emailOf } from '../load/subjects.ts'

/** A parameter of a statement: as it was, or with users and event ids of its own. */
export type Parameter =
  | { kind: 'constant'; value: unknown }
  | { kind: 'email' }
  /** A list with one entry per user, each the address or what begins with it. */
  | { kind: 'emails'; entries: unknown[] }
  /** What the ids of the call's events begin with: one that is used again would be refused. */
  | { kind: 'event id prefix' }

/** The one batch of a call, to be repeated for other users. */
export type Call = { sql: string; parameters: Parameter[] }[]

const EVENT_ID_PREFIX = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{9}$/

/** What Rescind did for the users from number 0 on, as a template. */
export function templateOf({ statements }: Trip): Call {
  return statements.map(({ sql, params }) => ({ sql, parameters: params.map(parameterOf) }))
}

function parameterOf(value: unknown): Parameter {
  if (value === emailOf(0)) return { kind: 'email' }
  if (typeof value !== 'string') return { kind: 'constant', value }
  if (EVENT_ID_PREFIX.test(value)) return { kind: 'event id prefix' }
  if (!value.startsWith('[') || !value.includes(emailOf(0))) return { kind: 'constant', value }
  return { kind: 'emails', entries: JSON.parse(value) as unknown[] }
}
