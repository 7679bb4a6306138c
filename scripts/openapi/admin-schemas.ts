import * as v from 'valibot'
import {
  GENERATE_REFUSALS,
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  voidResult,
} from '../../src/api/admin/result-codes.ts'
import { named } from './json-schema.ts'
import { instant, nothing, open, openNumbers, text } from './shared-schemas.ts'

/** Bodies of the admin API, with every alias and bound that src/api/admin accepts. */

const unit = v.pipe(
  v.string(),
  v.regex(/^([Mm][Ii][Nn]|[Hh][Oo][Uu][Rr])$/),
  v.description('The unit of the validity, in any case: MIN or HOUR. Send both or neither.'),
)
const validity = v.pipe(
  v.union([
    v.pipe(v.string(), v.regex(/^\d{1,5}$/)),
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1440)),
  ]),
  v.description('How long the code lives: a whole number from 10 minutes to 24 hours, as text or number.'),
)
const sendTo = v.pipe(
  v.string(),
  v.regex(/^([Dd][Ii][Ss][Pp][Ll][Aa][Yy]|[Ee][Mm][Aa][Ii][Ll])$/),
  v.description('In any case: DISPLAY (default) shows the code in the answer, EMAIL mails it.'),
)
const customEmail = text(
  'Another address to mail the code to. Empty or null is as none.',
  'jane@partner.example',
)

const glassReason = text(
  'Ours, for super-admins: why the rules of the desk are passed, in 10 to 500 characters on one line.',
  'The user stands before me without a telephone.',
)

export const generateEntry = named(
  'GenerateEntry',
  v.pipe(
    v.looseObject({
      email: text('The user: the only member that is needed.', 'jane.saoirse@example.com'),
      code_validity: v.nullish(validity),
      codeValidity: v.nullish(validity),
      validity_time_duration_unit: v.nullish(unit),
      validityTimeDurationUnit: v.nullish(unit),
      code_send_to: v.nullish(sendTo),
      codeSendTo: v.nullish(sendTo),
      custom_email: v.nullish(customEmail),
      customEmail: v.nullish(customEmail),
      break_glass_reason: v.nullish(glassReason),
      breakGlassReason: v.nullish(glassReason),
    }),
    v.description(
      'One user. Both spellings of a member mean the same. What is wrong with an entry is told in its own result.',
    ),
  ),
)

export const generateRequest = v.union([
  v.pipe(v.array(generateEntry), v.minLength(1), v.maxLength(100)),
  generateEntry,
])

/** An entry of a generate, whatever is wrong with it, or an address of a void. */
export const previewedEntry = v.pipe(v.unknown(), v.description('As `GenerateEntry`, or an address.'))

export const generateStatuses = [
  GENERATED_FOR_DISPLAY,
  GENERATED_FOR_EMAIL,
  ...Object.values(GENERATE_REFUSALS).map(({ status }) => status),
]

const echo = v.object({
  email: v.string(),
  custom_email: v.optional(text('Only where one was asked for.')),
  code_validity: v.string(),
  validity_time_duration_unit: v.string(),
  code_send_to: v.string(),
})

export const generateResult = named(
  'GenerateResult',
  v.object({
    status: openNumbers(
      [...new Set(generateStatuses)],
      'What became of this user: see docs/api.md, Per-user status.',
    ),
    errorMessage: v.optional(text('Why there is no code.')),
    verify_code: v.optional(text('The code, where it is shown.', 'K7QP-2XWM')),
    verify_code_validity_time: v.optional(v.pipe(instant, v.description('When it expires.'))),
    verify_code_generation_mode: v.optional(v.picklist(['PASSWORD_RESET', 'ENROLLMENT'])),
    verification_Link: v.optional(text("The tenant's `mail.resetUrl`.")),
    userDetailsRequestForVerifyCodeGeneration: v.pipe(echo, v.description('The entry as it was understood.')),
  }),
)

export const generateAnswer = v.union([v.array(generateResult), generateResult])

const mode = v.pipe(
  v.string(),
  v.regex(
    /^([Pp][Aa][Ss][Ss][Ww][Oo][Rr][Dd]_[Rr][Ee][Ss][Ee][Tt]|[Ee][Nn][Rr][Oo][Ll][Ll][Mm][Ee][Nn][Tt])$/,
  ),
  v.description('PASSWORD_RESET or ENROLLMENT, in any case.'),
)
const userEmails = v.union([
  v.string(),
  v.pipe(v.array(v.unknown()), v.minLength(1), v.maxLength(100), v.description('1 to 100 addresses.')),
])

export const voidRequest = named(
  'VoidRequest',
  v.pipe(
    v.looseObject({
      code_generation_mode: v.nullish(mode),
      codeGenerationMode: v.nullish(mode),
      user_emails: v.nullish(userEmails),
      userEmails: v.nullish(userEmails),
    }),
    v.description('Either spelling of both members. What is no address is answered as an unknown user.'),
  ),
)

export const voidStatuses = (['PASSWORD_RESET', 'ENROLLMENT'] as const).flatMap((each) =>
  (['voided', 'none', 'unknown'] as const).map((outcome) => voidResult(each, outcome).status),
)

export const voidAnswer = named(
  'VoidAnswer',
  v.object({
    results: v.array(
      v.object({
        status: openNumbers(
          [...new Set(voidStatuses)],
          'What became of the code: see docs/api.md, Per-user status.',
        ),
        errorMessage: v.optional(text('Why nothing was voided.')),
        user_email: text('The address as it was sent.'),
      }),
    ),
  }),
)

export const user = named(
  'AdminUser',
  v.object({
    id: text('The id of the user.'),
    emailAddress: v.string(),
    principalUsername: v.string(),
    firstName: v.nullable(v.string()),
    lastName: v.nullable(v.string()),
    creationDate: instant,
    identitySource: text('Always Rescind.', 'Rescind'),
    userStatus: open(['Enabled', 'Disabled'], 'Whether the user may reset their password.'),
    markDeleted: v.boolean(),
    markDeletedAt: nothing,
    markDeletedBy: nothing,
    highRiskUser: v.boolean(),
    smsNumber: nothing,
    voiceNumber: nothing,
    lastSyncTime: nothing,
  }),
)

export const lookupRequest = v.pipe(
  v.looseObject({
    email: v.nullish(v.string()),
    username: v.nullish(v.string()),
    searchUnsynched: v.nullish(v.boolean()),
  }),
  v.description('One of email and username. searchUnsynched changes nothing.'),
)

export const searchRequest = v.looseObject({
  emailLike: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(255),
    v.description('A part of an address, to the letter; ASCII letters in any case.'),
  ),
})

export const pageMembers = {
  totalPages: v.pipe(v.number(), v.integer()),
  totalElements: v.pipe(v.number(), v.integer()),
  pageSize: v.pipe(v.number(), v.integer()),
  currentPage: v.pipe(v.number(), v.integer()),
}

export const userPage = named('AdminUserPage', v.object({ ...pageMembers, elements: v.array(user) }))

export const userStatus = v.picklist(['Enabled', 'Disabled'])

export const highRiskList = v.object({
  users: v.array(
    v.object({ id: v.string(), email: v.string(), primaryUsername: v.string(), alternateUsername: nothing }),
  ),
})

export const highRiskRequest = v.looseObject({
  action: v.picklist(['add', 'remove']),
  users: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(100), v.description('Ids of users.')),
})

export const highRiskResult = v.object({
  users: v.array(
    v.object({
      id: v.string(),
      statusCode: open(['200', '404'], 'What became of this user.'),
      error: v.optional(text('Why, where it is not 200.', 'User not found.')),
    }),
  ),
})
