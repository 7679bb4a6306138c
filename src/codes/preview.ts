import type { CodeFacts } from './code-facts-store.ts'
import type { IssueRefusal } from './issue-store.ts'
import type { VoidResult } from './void-store.ts'

/** What a generate or a void would do, by the rules of issue-store.ts and void-store.ts, with nothing done. */

/** What an issue would do for a user; `entry` is what was asked for. */
export function foreseeIssue(
  { userId, status, isAtRisk, failures }: CodeFacts,
  {
    isFreshStart,
    isRefusedAtRisk,
    failuresMax,
  }: { isFreshStart: boolean; isRefusedAtRisk: boolean; failuresMax: number },
): 'issued' | IssueRefusal<never> {
  if (userId === null) return 'unknown'
  if (status !== 'enabled') return 'disabled'
  if (isRefusedAtRisk && isAtRisk) return 'high-risk'
  return !isFreshStart && failures >= failuresMax ? 'locked' : 'issued'
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
