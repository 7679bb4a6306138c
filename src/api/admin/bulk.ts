import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { lowerCaseAscii } from '../../domain-name.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { ownMember } from '../../record.ts'

/** The vendor's bound on users per call. */
const USERS_MAX = 100

/** @throws {HTTPException} 400 for no user, or more than the bound, in the vendor's words. */
export function requireUserCount(count: number): void {
  if (count === 0) throw new HTTPException(400, { message: 'The request names no user.' })
  if (count > USERS_MAX) {
    throw new HTTPException(400, {
      message: `Number of user details (${count}) in request exceeds maximum allowed (${USERS_MAX})`,
    })
  }
}

/** Says in the log that some users of a bulk call could not be served, and why the first of them was not. */
export function logFailures(c: Context<AdminEnv>, faults: readonly string[]): void {
  const [first] = faults
  if (first === undefined) return
  c.get('log').outcome = 'failed-for-some'
  c.get('log').fault = first
}

/** What {@link readAlias} gives for a member sent in both spellings with different values. */
export const CONFLICT = Symbol('conflict')

/** A member by either of its two spellings. Null counts as not sent. */
export function readAlias(record: Record<string, unknown>, snake: string, camel: string): unknown {
  const snakeValue = ownMember(record, snake) ?? undefined
  const camelValue = ownMember(record, camel) ?? undefined
  if (snakeValue === undefined || camelValue === undefined) return snakeValue ?? camelValue
  return JSON.stringify(snakeValue) === JSON.stringify(camelValue) ? snakeValue : CONFLICT
}

/** A value as its echo shows it: strings as sent, anything else as its JSON text. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

/** Whether a value is this word of the dialect, in any case of ASCII letters. */
export function isWord(value: unknown, word: string): boolean {
  if (typeof value !== 'string' || value.length !== word.length) return false
  return value === word || lowerCaseAscii(value) === lowerCaseAscii(word)
}
