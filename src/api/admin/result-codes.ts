import { REASON_FORM } from '../../codes/reason.ts'
import type { CodeMode } from '../../codes/code.ts'
import type { IssueOutcome } from '../../codes/issue.ts'
import type { VoidOutcome } from '../../codes/void.ts'

/**
 * The per-user numbers of the admin API, and the sentences beside them. 1002 and 1013 to 1016 are the
 * vendor's; the vendor has not published what 1000, 1001 and 1003 to 1006 mean, so their meaning here
 * is our own convention, kept in this one table.
 */

/** Why an entry of a generate call cannot be served, whoever the user is. */
export type GenerateFault =
  | 'bad-entry'
  | 'bad-validity'
  | 'bad-delivery'
  | 'bad-custom-email'
  | 'custom-email-off'
  | 'custom-email-domain'
  | 'no-mailer'
  | 'bad-reason'

type Refusal = Extract<IssueOutcome<GenerateFault>, { tag: 'refused' }>['reason'] | 'not-queued' | 'failed'

export const GENERATED_FOR_DISPLAY = 1000
export const GENERATED_FOR_EMAIL = 1001

export const GENERATE_REFUSALS: Record<Refusal, { status: number; errorMessage: string }> = {
  unknown: { status: 1002, errorMessage: 'User not found.' },
  disabled: { status: 1002, errorMessage: 'User is disabled.' },
  'bad-entry': {
    status: 1002,
    errorMessage: 'User not found: the entry must be an object whose email is a string.',
  },
  'bad-validity': {
    status: 1003,
    errorMessage:
      'code_validity must be a whole number from 10 minutes to 24 hours, with validity_time_duration_unit MIN or HOUR beside it.',
  },
  'bad-delivery': { status: 1004, errorMessage: 'code_send_to must be DISPLAY or EMAIL.' },
  'bad-custom-email': { status: 1005, errorMessage: 'custom_email must be one e-mail address.' },
  'custom-email-off': {
    status: 1005,
    errorMessage:
      'This tenant allows no custom_email. Leave it out: the code is then mailed to the address of the user.',
  },
  'custom-email-domain': {
    status: 1005,
    errorMessage:
      'This tenant does not allow a custom_email of that domain. Use an allowed domain, or leave custom_email out.',
  },
  'no-mailer': {
    status: 1005,
    errorMessage:
      'The code cannot be e-mailed: no mailer is configured for this tenant. Use code_send_to DISPLAY.',
  },
  quarantined: {
    status: 1006,
    errorMessage: 'No code generated: this key is quarantined, and revoked.',
  },
  'bad-reason': { status: 1006, errorMessage: `breakGlassReason must be ${REASON_FORM}.` },
  unverified: {
    status: 1006,
    errorMessage:
      'No code generated: this code needs that you have verified the caller within the last 15 minutes. Each verification is good for one code.',
  },
  locked: {
    status: 1006,
    errorMessage:
      'No code generated: this user has entered too many wrong codes. Speak with the user and use code_send_to DISPLAY, which starts the count anew.',
  },
  frozen: {
    status: 1006,
    errorMessage:
      'No code generated: this user has reported a code that they had not asked for. A super-admin can lift this, with a reason.',
  },
  'high-risk': {
    status: 1006,
    errorMessage:
      'No code generated: this user is at high risk, and gets codes by e-mail at their own address alone. Use code_send_to EMAIL without custom_email, or take the user off the list.',
  },
  'not-queued': {
    status: 1006,
    errorMessage: 'The code could not be put on its way. The former code is void: generate a new one.',
  },
  failed: {
    status: 1006,
    errorMessage: 'No code generated because of an internal error. The former code is as it was. Try again.',
  },
  repeated: {
    status: 1006,
    errorMessage:
      'No code generated for this entry: the same user is listed again further down, and only the last code would be valid.',
  },
}

/** What an entry is answered that waits for a second person: the vendor has no member for the id of the request. */
export function awaitingResult(requestId: string): { status: number; errorMessage: string } {
  const errorMessage = `Approval needed: request ${requestId} waits for a second person, for 30 minutes. When it is approved, collect the code.`
  return { status: 1006, errorMessage }
}

/** The vendor's numbers for a void, by what the codes are for. */
const VOID_STATUS: Record<CodeMode, { voided: number; nothingToVoid: number; sentence: string }> = {
  PASSWORD_RESET: {
    voided: 1016,
    nothingToVoid: 1015,
    sentence:
      'No password reset code found to void. Password reset code may have expired or has been used already.',
  },
  ENROLLMENT: {
    voided: 1014,
    nothingToVoid: 1013,
    sentence: 'No enrollment code found to void. Enrollment code may have expired or has been used already.',
  },
}

/** What a void answers for one user: the documented sentence first, then what is true of this user. */
export function voidResult(
  mode: CodeMode,
  result: VoidOutcome<unknown>['result'],
): { status: number; errorMessage?: string } {
  const { voided, nothingToVoid, sentence } = VOID_STATUS[mode]
  const nothing = (reason: string) => ({ status: nothingToVoid, errorMessage: `${sentence} ${reason}` })
  switch (result) {
    case 'voided':
      return { status: voided }
    case 'unknown':
      return { status: 1002, errorMessage: 'User not found.' }
    case 'disabled':
      return { status: 1002, errorMessage: 'User is disabled.' }
    case 'none':
      return nothing('No code has been issued to this user.')
    case 'redeemed':
      return nothing('The code has been used.')
    case 'expired':
      return nothing('The code has expired.')
    case 'voided-before':
      return nothing('The code was voided before.')
    case 'in-use':
      return nothing('The code is being used at this moment; should that fail, it is voided.')
    case 'locked':
      return nothing('The code was locked by too many wrong attempts.')
    case 'failed':
      return {
        status: nothingToVoid,
        errorMessage: 'The code could not be voided because of an internal error. Try again.',
      }
  }
}
