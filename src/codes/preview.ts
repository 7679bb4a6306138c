import type { CodeFacts } from './code-facts-store.ts'
import { AWAITING } from './desk-issue-store.ts'
import type { DeskRules } from './desk-rules.ts'
import type { IssueResult } from './issue-store.ts'
import type { VoidResult } from './void-store.ts'

/** What a generate or a void would do, by the rules of issue-store.ts and void-store.ts, with nothing done. */

/** What is asked for a user, beside who they are. */
type Wanted = {
  isFreshStart: boolean
  isRefusedAtRisk: boolean
  failuresMax: number
  rules: DeskRules
  /** Whether a reason is given to pass the rules of the desk. */
  hasGlass: boolean
}

/** What an issue would do for a user. */
export function foreseeIssue(
  { userId, status, isAtRisk, isFrozen, isVerified, failures }: CodeFacts,
  { isFreshStart, isRefusedAtRisk, failuresMax, rules, hasGlass }: Wanted,
): IssueResult<never> {
  if (userId === null) return 'unknown'
  if (status !== 'enabled') return 'disabled'
  if (!hasGlass && isFrozen) return 'frozen'
  if (isRefusedAtRisk && isAtRisk) return 'high-risk'
  if (!isFreshStart && failures >= failuresMax) return 'locked'
  if (!hasGlass && rules.needsVerification && !isVerified) return 'unverified'
  const isForTwo = rules.fourEyes === 'all' || (rules.fourEyes === 'high-risk' && isAtRisk === 1)
  return !hasGlass && isForTwo ? AWAITING : 'issued'
}

export function foreseeVoid(facts: CodeFacts): VoidResult {
  const { userId, status, hasCode, isLive, isReserved, endedAs, hasExpired, isVoided } = facts
  if (userId === null) return 'unknown'
  if (status !== 'enabled') return 'disabled'
  if (!hasCode) return 'none'
  if (isLive) return isReserved ? 'in-use' : 'voided'
  if (endedAs !== null) return endedAs === 'voided' ? 'voided-before' : endedAs
  if (hasExpired) return 'expired'
  return isVoided ? 'voided-before' : 'locked'
}
