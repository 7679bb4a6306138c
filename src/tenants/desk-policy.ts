import * as v from 'valibot'
import { group, oneOf, whole } from './policy-members.ts'
import { verificationSchema } from './verification-policy.ts'

/** What a tenant asks of its help desk before a code is issued, and what a user can do about one that was. */

/** A year: as good as until a super-admin lifts it. */
const FREEZE_HOURS_MAX = 8_760

const FREEZE_HOURS = 24

const MODES_FORM = 'must be a list of PASSWORD_RESET and ENROLLMENT, each once'

const modesSchema = v.pipe(
  v.array(v.picklist(['PASSWORD_RESET', 'ENROLLMENT'], MODES_FORM), MODES_FORM),
  v.minLength(1, MODES_FORM),
  v.check((modes) => new Set(modes).size === modes.length, MODES_FORM),
)

/** Off where it is left out; with no member of its own, users can report codes that were made for them. */
export const deskSchema = group({
  /** For how long no code is issued for a user who has reported one. */
  freezeHours: v.optional(whole(1, FREEZE_HOURS_MAX), FREEZE_HOURS),
  /** How a caller is verified. Without it, nobody can be. */
  verification: v.optional(verificationSchema),
  /** Which codes need that the caller has been verified: those that somebody else than the user sees, or all. */
  requireVerification: v.optional(oneOf(['display', 'all'])),
  /** For whom and what a second person has to approve. */
  fourEyes: v.optional(
    group({
      users: v.optional(oneOf(['high-risk', 'all']), 'all'),
      modes: v.optional(modesSchema, ['PASSWORD_RESET', 'ENROLLMENT']),
    }),
  ),
  /** Whom a mail tells that a rule was passed. Without it, none can be. */
  alertEmail: v.optional(v.pipe(v.string(), v.email('must be one e-mail address'))),
})

/** The rules of the desk of a tenant that has any. */
export type DeskPolicy = v.InferOutput<typeof deskSchema>

/** For how long a user who reports a code is frozen: a link that is out is good although the desk was turned off. */
export function freezeMs({ desk }: { desk?: DeskPolicy | undefined }): number {
  return (desk?.freezeHours ?? FREEZE_HOURS) * 3_600_000
}
