import type { Channel } from '../database/schema.ts'
import type { DeskPolicy } from '../tenants/desk-policy.ts'
import type { CodeMode } from './code.ts'

/** What the desk asks of one code, the same for every face of the service (S1). */
export type DeskRules = {
  /** Whose code a second person has to approve. */
  fourEyes: 'nobody' | 'high-risk' | 'all'
  needsVerification: boolean
}

/** How long after the caller has been verified a code may be issued for it. */
export const VERIFIED_MS = 15 * 60_000

/** How long a request waits for the second person, and then for the first to collect the code. */
export const APPROVAL_MS = 30 * 60_000

/** A rule that may be passed: by a super-admin who says why, and whose word has been put on its way by mail (S8). */
export type BrokenGlass = {
  reason: string
  /** The id of the event that it will have: the mail is about that. */
  eventId: string
}

/** @param channel which way the code is to go; any but the user's own address shows it to somebody else. */
export function rulesOf(desk: DeskPolicy | undefined, mode: CodeMode, channel: Channel | null): DeskRules {
  const { requireVerification, fourEyes } = desk ?? {}
  return {
    fourEyes: fourEyes?.modes.includes(mode) === true ? fourEyes.users : 'nobody',
    needsVerification:
      requireVerification === 'all' || (requireVerification === 'display' && channel !== 'EMAIL'),
  }
}
