/**
 * Why somebody passes a rule or lifts a freeze, in their words: one line that says something, without what ends a line
 * or turns the direction of what stands around it, in the mail that tells of it.
 */
const REASON = /^(?=\S)[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]{10,500}$/u

export const REASON_FORM = '10 to 500 characters on one line'

export function isReason(value: unknown): value is string {
  return typeof value === 'string' && REASON.test(value)
}
