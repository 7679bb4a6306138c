import type { BaseIssue } from 'valibot'

/** What is wrong with the member that a schema's issue is about, to be put behind its name. */
export function problemOf({ type, expected, received, path, message }: BaseIssue<unknown>): string {
  if (!type.endsWith('object') || path === undefined) return message
  // The schema of the object reports these, with its own message, which speaks of the object.
  if (expected === 'never') return 'is not a member'
  return received === 'undefined' ? 'is required' : message
}
