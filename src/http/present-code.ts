import type { Answer } from '../codes/challenge.ts'
import { redeemCode, validateCode, type RedeemOutcome } from '../codes/redeem.ts'
import { resetGrantSigner } from '../codes/reset-grant.ts'
import { config } from '../config.ts'
import { queueNotices } from '../delivery/outbox.ts'
import type { Policy } from '../tenants/policy.ts'
import type { ReadContext, VisitorEnv } from './app-env.ts'
import { countPresented } from './client-limits.ts'
import { outboxOf, visitorContextOf } from './context.ts'

/** What the password API and the reset pages do with a code that somebody presents. */

type Accepted = Extract<RedeemOutcome, { tag: 'accepted' }>
/** The code is not good, or a question is to be answered first. */
export type NotAccepted = Exclude<RedeemOutcome, Accepted>
type GrantPolicy = Extract<Policy['redeem'], { kind: 'grant' }>

/** Says whose code it is, and consumes nothing. */
export async function checkCode(
  c: ReadContext<VisitorEnv>,
  emailAddress: string,
  code: string,
  answer?: Answer,
): Promise<RedeemOutcome> {
  return noted(c, await validateCode(visitorContextOf(c), emailAddress, code, answer))
}

/** Exchanges a code, once, for a reset grant that the tenant's own service trusts. */
export async function redeemForGrant(
  c: ReadContext<VisitorEnv>,
  { audience, ttlSeconds }: GrantPolicy,
  emailAddress: string,
  code: string,
  answer?: Answer,
): Promise<(Omit<Accepted, 'tag'> & { tag: 'granted'; resetGrant: string }) | NotAccepted> {
  const sign = await resetGrantSigner(config(c.env))
  const outcome = noted(c, await redeemCode(visitorContextOf(c), emailAddress, code, answer))
  if (outcome.tag !== 'accepted') return outcome
  const { userId, codeId } = outcome
  const grant = { tenantId: c.get('tenant').id, userId, codeId, audience, ttlSeconds }
  const resetGrant = await sign(grant, c.get('now'))
  queueNotices(outboxOf(c), 'redeemed', [userId])
  return { ...outcome, tag: 'granted', resetGrant }
}

/** Counts what became of a code. The reason of a refusal is logged, and a user whose code it locked is told. */
export function noted(c: ReadContext<VisitorEnv>, outcome: RedeemOutcome): RedeemOutcome {
  if (outcome.tag === 'accepted') {
    countPresented(c, 'right')
    return outcome
  }
  if (outcome.tag === 'asked') {
    c.get('log').outcome = outcome.isWrong ? 'wrong-answer' : 'asked'
    countPresented(c, outcome.isWrong ? 'wrong' : 'right')
    return outcome
  }
  c.get('log').outcome = outcome.reason
  countPresented(c, 'wrong')
  if (outcome.lockedUserId !== undefined) queueNotices(outboxOf(c), 'locked', [outcome.lockedUserId])
  return outcome
}
