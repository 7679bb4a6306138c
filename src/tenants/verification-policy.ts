import * as v from 'valibot'
import { oneOf, shortText } from './policy-members.ts'

/** How a caller shows the help desk who they are. */

const FORM = 'must be an object with by, one of: mail, phone, sign-in'

const codeSchema = v.strictObject({ by: v.picklist(['mail', 'phone']) }, FORM)

const signInSchema = v.strictObject({
  by: v.literal('sign-in'),
  /** Authentication contexts, separated by blanks, of which one is asked for; else those of the console. */
  acrValues: v.optional(shortText(255)),
  /** The claim by which the provider names its users, and what of the user it has to be. */
  claim: v.optional(shortText(100), 'email'),
  is: v.optional(oneOf(['email', 'userName', 'externalId']), 'email'),
})

/**
 * By a code to the second address of the user (`mail`) or to their number, which the tenant's hook sends (`phone`); or by
 * signing in anew with the tenant's OpenID provider.
 */
export const verificationSchema = v.variant('by', [codeSchema, signInSchema], FORM)

type VerificationPolicy = v.InferOutput<typeof verificationSchema>
export type VerificationMethod = VerificationPolicy['by']

/** What a signed-in person has to be. */
export type SignInPolicy = v.InferOutput<typeof signInSchema>

/** What of the rest of a policy a method needs. */
type Rest = { mail: { hook?: unknown; from?: unknown }; console?: { issuer?: unknown } | undefined }

/** Whether a tenant with this policy could verify anybody so. */
export function canVerify(by: VerificationMethod, { mail, console }: Rest): boolean {
  if (by === 'sign-in') return console?.issuer !== undefined
  return mail.hook !== undefined || (by === 'mail' && mail.from !== undefined)
}
