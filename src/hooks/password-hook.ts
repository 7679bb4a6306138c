import { isRecord, ownMember } from '../record.ts'
import { callHook, type Hook } from './webhook.ts'

/** What the tenant's password hook said to a new password. */
export type PasswordHookOutcome =
  | { tag: 'set' }
  | { tag: 'refused'; reason: string }
  | { tag: 'failed'; cause: string }

export type NewPassword = {
  hook: Hook
  /** Idempotency id of this redeem. */
  id: string
  user: { id: string; userName: string; emailAddress: string }
  newPassword: string
  now: number
}

const REASON_LENGTH_MAX = 300

/**
 * Hands a new password to the tenant. A 2xx has set it; a 4xx whose body is `{"reason": "..."}` is for
 * the user to read, such as that it is too weak; anything else has failed.
 */
export async function setPassword(
  { hook, id, user, newPassword, now }: NewPassword,
  isLocalRun: boolean,
): Promise<PasswordHookOutcome> {
  const call = { hook, id, type: 'password.reset', data: { user, newPassword }, now }
  const answer = await callHook(call, isLocalRun)
  if (answer.tag !== 'answered') return { tag: 'failed', cause: 'hook-unreachable' }
  const { status, body } = answer
  if (status >= 200 && status < 300) return { tag: 'set' }
  const reason = status >= 400 && status < 500 ? readReason(body) : undefined
  return reason === undefined ? { tag: 'failed', cause: `hook-${status}` } : { tag: 'refused', reason }
}

function readReason(body: string): string | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const reason = isRecord(value) ? ownMember(value, 'reason') : undefined
    const text = typeof reason === 'string' ? reason.replace(/\p{Cc}+/gu, ' ').trim() : ''
    return text === '' ? undefined : text.slice(0, REASON_LENGTH_MAX)
  } catch {
    return undefined
  }
}
