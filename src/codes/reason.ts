/** Why somebody passes a rule or lifts a freeze, in their words: one line that says something. */
const REASON = /^(?=\S)[^\p{Cc}]{10,500}$/u

export const REASON_FORM = '10 to 500 characters on one line'

export function isReason(value: unknown): value is string {
  return typeof value === 'string' && REASON.test(value)
}
