import * as v from 'valibot'
import { group, oneOf } from './policy-members.ts'

/**
 * How a caller shows the help desk who they are: by a code to the second address of the user, or by one to their number,
 * which the tenant's hook sends.
 */
export const verificationSchema = group({ by: oneOf(['mail', 'phone']) })

export type VerificationMethod = v.InferOutput<typeof verificationSchema>['by']

/** What of the rest of a policy a method needs. */
type Mailers = { hook?: unknown; from?: unknown }

/** Whether a tenant with these mailers could send a code so. */
export function canVerify(by: VerificationMethod, { hook, from }: Mailers): boolean {
  return hook !== undefined || (by === 'mail' && from !== undefined)
}
