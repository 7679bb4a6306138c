import * as v from 'valibot'
import { passwordErrors } from '../../src/api/password/errors.ts'
import { LOGIN_RESPONSE_TYPES, RESPONSE_TYPES } from '../../src/api/password/media-types.ts'
import { answered, ASKED, asked, challengeOperations } from './challenges.ts'
import { named } from './json-schema.ts'
import { answer, json, type Body, type Dialect, type Operations, type Parameter } from './operation.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { text } from './shared-schemas.ts'

/** The password API: Akana Community Manager. */

const EMAIL = 'jane.saoirse@example.com'
const CODE = 'K7QP2XWM'

const email = text('The address that the code was sent to.', EMAIL)
const code = text('The code, with or without grouping.', CODE)

const addressForm = v.looseObject({ emailAddress: v.optional(email) })
const addressJson = v.looseObject({ Email: v.optional(email), emailAddress: v.optional(email) })
const codeForm = v.looseObject({ emailAddress: v.optional(email), passwordResetCode: v.optional(code) })
const codeJson = v.looseObject({
  Email: v.optional(email),
  emailAddress: v.optional(email),
  PasswordResetCode: v.optional(code),
  passwordResetCode: v.optional(code),
  UserIdentificationChallenge: answered,
})

function formOrJson(form: v.GenericSchema, asJson: v.GenericSchema, values: Record<string, string>): Body {
  const upper = Object.entries(values).map(([name, value]) => [
    name === 'emailAddress' ? 'Email' : 'PasswordResetCode',
    value,
  ])
  return {
    isOptional: true,
    content: {
      'application/x-www-form-urlencoded': { schema: form, examples: { example: values } },
      'application/json': { schema: asJson, examples: { example: Object.fromEntries(upper) } },
    },
  }
}

const inQuery = (name: string, description: string): Parameter => ({
  name,
  description: `${description} Here, or in the body.`,
  schema: v.string(),
})
const addressInQuery = inQuery('emailAddress', 'The address of the user.')
const codeInQuery = inQuery('passwordResetCode', 'The code; one in a JSON body wins.')

const HEADERS: readonly Parameter[] = [
  {
    name: 'X-Csrf-Token_{tenant}',
    description:
      "The value of the cookie `Csrf-Token_{tenant}`, where the tenant's policy `csrf` asks for it.",
    schema: v.string(),
  },
  {
    name: 'X-Rescind-Client',
    description: "For whom the tenant's own backend calls: a JWT that one of its API keys has signed.",
    schema: v.string(),
  },
]

const holderMembers = {
  userName: text('What the user signs in with.'),
  emailAddress: text('The stored address.'),
}
/** Where a question was answered. */
const resetStatus = v.optional(
  text('Only after a question: that it was answered right.', 'user.password.reset.valid.answer'),
)
const holder = v.union([v.object({ ...holderMembers, resetStatus }), asked])
const HOLDER = { userName: EMAIL, emailAddress: EMAIL }

const REFUSED = {
  401: {
    code: 'The password reset code is not valid for this e-mail address.',
    csrf: 'The CSRF token is missing, invalid or expired.',
  },
}
const NOT_ACCEPTABLE = (types: readonly string[]) => ({ 406: `Accept one of: ${types.join(', ')}.` })
const BAD_PARAMETERS = {
  400: {
    missing: 'emailAddress is required.',
    twice: 'emailAddress is given more than once.',
    differs: 'emailAddress differs between the query and the body.',
    notText: 'emailAddress must be a string.',
    notObject: 'The body must be a JSON object.',
  },
  415: {
    mediaType: 'Send the parameters as application/x-www-form-urlencoded, as JSON, or in the query.',
  },
}

const operations: Operations = {
  'GET /api/passwordmanagement/csrfToken': {
    id: 'getCsrfToken',
    summary: 'Hands out a CSRF token.',
    who: 'anyone',
    answers: {
      200: answer(
        'The token, also as a cookie.',
        v.object({ headerName: text('The header to send it in.'), csrfToken: v.string() }),
        {
          headerName: 'X-Csrf-Token_demo',
          csrfToken: 'TokenID%3D5f0c2c51-6f0e-4a3c-9a61-0c1f5a3b7d42%2CexpirationTime%3D1795689600000',
        },
        { headers: ['Set-Cookie'] },
      ),
      404: 'This tenant uses no CSRF tokens.',
    },
  },
  'POST /api/passwordmanagement/sendPasswordResetCode': {
    id: 'sendPasswordResetCode',
    summary: 'Mails a code, if there is an account.',
    description: 'The answer is the same for every address there is.',
    who: 'anyone',
    query: [addressInQuery],
    headers: HEADERS,
    body: formOrJson(addressForm, addressJson, { emailAddress: EMAIL }),
    answers: {
      200: { what: 'Taken. The body is empty.' },
      ...BAD_PARAMETERS,
      401: { csrf: REFUSED[401].csrf },
    },
  },
  'POST /api/passwordmanagement/validatePasswordResetCode': {
    id: 'validatePasswordResetCode',
    summary: 'Says whose code it is; consumes nothing.',
    who: 'anyone',
    query: [addressInQuery, codeInQuery],
    headers: HEADERS,
    body: formOrJson(codeForm, codeJson, { emailAddress: EMAIL, passwordResetCode: CODE }),
    answers: {
      200: {
        what: 'The code is good; or a question is asked first.',
        schema: holder,
        examples: { good: HOLDER, asked: ASKED },
        mediaTypes: RESPONSE_TYPES,
      },
      ...BAD_PARAMETERS,
      ...REFUSED,
      ...NOT_ACCEPTABLE(RESPONSE_TYPES),
    },
  },
  'POST /api/passwordmanagement/redeemPasswordResetCode': {
    id: 'redeemPasswordResetCode',
    summary: 'Redeems a code, once, for a reset grant.',
    who: 'anyone',
    query: [addressInQuery, codeInQuery],
    headers: HEADERS,
    body: formOrJson(codeForm, codeJson, { emailAddress: EMAIL, passwordResetCode: CODE }),
    answers: {
      200: answer(
        'The code is redeemed.',
        v.union([
          v.object({
            ...holderMembers,
            resetStatus,
            resetGrant: text('A JWT: whoever brings it may set the password of this user.'),
          }),
          asked,
        ]),
        {
          ...HOLDER,
          resetGrant: 'eyJhbGciOiJFUzI1NiIsInR5cCI6InJlc2V0LWdyYW50K2p3dCJ9.eyJ0ZW5hbnQiOiJkZW1vIn0.c2ln',
        },
        { mediaTypes: RESPONSE_TYPES },
      ),
      ...BAD_PARAMETERS,
      ...REFUSED,
      ...NOT_ACCEPTABLE(RESPONSE_TYPES),
      501: 'This tenant gives no reset grants: set policy.redeem to {"kind": "grant", "audience": "..."}.',
    },
  },
  'POST /api/login/authenticateWithPasswordResetCode': {
    id: 'authenticateWithPasswordResetCode',
    summary: 'Redeems a code, once, and sets the new password.',
    description: "The new password goes to the tenant's password hook and nowhere else.",
    who: 'anyone',
    headers: HEADERS,
    body: {
      isOfAnyType: true,
      ...json(
        v.looseObject({
          Email: v.pipe(v.string(), v.minLength(1)),
          PasswordResetCode: v.pipe(v.string(), v.minLength(1)),
          NewPassword: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
          UserIdentificationChallenge: answered,
        }),
        { Email: EMAIL, PasswordResetCode: CODE, NewPassword: 'correct horse battery' },
      ),
    },
    answers: {
      200: answer('The hook has set the password, and the code is redeemed.', holder, HOLDER, {
        mediaTypes: LOGIN_RESPONSE_TYPES,
      }),
      400: {
        missing: 'NewPassword is required, as a string.',
        hook: 'The password is one that was used before.',
      },
      ...REFUSED,
      ...NOT_ACCEPTABLE(LOGIN_RESPONSE_TYPES),
      501: 'This tenant sets no passwords: set policy.redeem to {"kind": "hook", "url": "...", "secret": "..."}.',
      503: { hook: 'The password could not be set. The code is still good: try again.' },
    },
  },
}

const faultSchema = named(
  'Fault',
  v.object({
    faultcode: v.pipe(v.picklist(['Client', 'Server']), v.description('Whose fault it is.')),
    faultstring: v.string(),
  }),
)

export const passwordDialect: Dialect = {
  tag: 'Password API',
  description:
    'Akana Community Manager: for the pages and apps of end users. The host name of the request names the tenant.',
  operations: { ...operations, ...challengeOperations },
  mediaType: 'application/json',
  errorType: passwordErrors.mediaType,
  headers: [
    'RateLimit',
    'RateLimit-Policy',
    'Access-Control-Allow-Origin',
    'Access-Control-Expose-Headers',
    'Vary',
  ],
  refusal: (status, message, path) => ({
    schema: faultSchema,
    body: passwordErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
  common: ({ id, who }) => ({
    ...(who === 'anyone' && { 404: { tenant: 'No tenant has this host name.' } }),
    ...(id !== 'getCsrfToken' && { 429: { client: 'Too many requests. Try again in 7 seconds.' } }),
    500: OUR_FAULT,
    503: STORE_FAULT,
  }),
}
