import { queryOptions } from '@tanstack/react-query'
import { admin } from '../api/call.ts'

export type Way = 'DISPLAY' | 'EMAIL'

export type Generated = {
  status: number
  errorMessage?: string
  verify_code?: string
  verify_code_validity_time?: string
}

type GenerateOptions = { way: Way; minutes?: number; breakGlass?: string; idempotencyKey: string }

/** Generates a code for one user. What comes back holds the code: it is kept in the component that shows it alone. */
export function generate(
  email: string,
  { way, minutes, breakGlass, idempotencyKey }: GenerateOptions,
): Promise<Generated> {
  const body = {
    email,
    code_send_to: way,
    ...(minutes !== undefined && { code_validity: String(minutes), validity_time_duration_unit: 'MIN' }),
    ...(breakGlass && { break_glass_reason: breakGlass }),
  }
  return admin<Generated>('POST', '/v1/users/generateVerifyCode/resetPassword', { body, idempotencyKey })
}

/** The request that waits for a second person, where that is why there is no code. */
export function awaitedApproval({ errorMessage = '' }: Generated): string | undefined {
  return /^Approval needed: request (\S+) waits/.exec(errorMessage)?.[1]
}

/** Whether the caller has to be verified first; by the words, since others have the same number. */
export function needsVerification({ status, errorMessage = '' }: Generated): boolean {
  return status === 1006 && errorMessage.includes('verified the caller')
}

export type Voided = { status: number; errorMessage?: string; user_email: string }

export async function voidCodes(emails: readonly string[], idempotencyKey: string): Promise<Voided[]> {
  const body = { user_emails: emails, code_generation_mode: 'PASSWORD_RESET' }
  const { results } = await admin<{ results: Voided[] }>('POST', '/v1/users/voidVerifyCode', {
    body,
    idempotencyKey,
  })
  return results
}

/** Somebody by whom something was done: a person has a name, a key or client an id alone. */
type Actor = { id: string; name: string | null } | null

/** How one code of a user stands. There is no code in it. */
export type CodeState = {
  mode: 'PASSWORD_RESET' | 'ENROLLMENT'
  state: string
  origin: 'asked' | 'issued' | null
  issuedAt: string
  liveUntil: string
  attemptsLeft: number
  issuedBy: Actor
  channel: string | null
  destination: string | null
  endedAt: string | null
  voidedBy: Actor
}

type UserCodes = { codes: CodeState[]; frozenUntil: string | null; selfServiceAttemptsLeft: number }

export function userCodesQuery(userId: string) {
  return queryOptions({
    queryKey: ['codes', userId],
    queryFn: ({ signal }) =>
      admin<UserCodes>('GET', `/v1/users/${encodeURIComponent(userId)}/codes`, { signal }),
    // A code may be redeemed while one looks.
    refetchInterval: 15_000,
  })
}
