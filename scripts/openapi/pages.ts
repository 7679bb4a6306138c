import * as v from 'valibot'
import { pageErrors } from '../../src/api/pages/errors.ts'
import { ANSWER_LENGTH_MAX } from '../../src/codes/challenge.ts'
import { PASSWORD_LENGTH_MAX } from '../../src/http/set-password.ts'
import { named } from './json-schema.ts'
import { body, type Answer, type Dialect, type Operations, type Parameter } from './operation.ts'
import { EXAMPLES } from './pages-examples.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { text } from './shared-schemas.ts'

/** The reset pages: HTML for people, at `/reset` on the hosts of a tenant that has them. */

export const page = named(
  'Page',
  v.pipe(v.string(), v.regex(/^<!doctype html>/), v.description('A whole page, in HTML.')),
)

/** Bytes: OpenAPI describes them by their media type alone. */
const picture = v.unknown()

const SEALED = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiMSJ9..c2VhbGVk.c3RhdGU.dGFn'
const FORM = 'application/x-www-form-urlencoded'

const sealed = text('What the step before knew, sealed, as the hidden field of the page has it.')

const askForm = v.looseObject({
  email: v.optional(text('The address of the account.', 'jane.saoirse@example.com')),
  m: v.optional(text('The sealed state instead of the address: the button "Send a new code".')),
  'cf-turnstile-response': v.optional(
    text("The token of Turnstile's widget, where the policy `pages.turnstile` is set."),
  ),
})
const codeForm = v.looseObject({
  m: v.optional(sealed),
  email: v.optional(text('The address, where no step was before this one.')),
  code: v.optional(text('The code, with or without grouping.', 'K7QP-2XWM')),
})
const questionForm = v.looseObject({
  s: sealed,
  answer: v.optional(text(`The answer: at most ${ANSWER_LENGTH_MAX} UTF-16 units.`)),
})
const passwordForm = v.looseObject({
  s: sealed,
  password: v.optional(text(`The new password: at most ${PASSWORD_LENGTH_MAX} UTF-16 units.`)),
})

const lang: Parameter = {
  name: 'lang',
  description: 'The language of the page. Without it, `Accept-Language` decides, else the policy.',
  schema: v.string(),
}
const link: Parameter = {
  name: 'm',
  description: 'What the step before knew, sealed: the address and the reference of the mail.',
  schema: v.string(),
}

const RATE = ['RateLimit', 'RateLimit-Policy'] as const

function shows(what: string, examples: Record<string, string>, more: Partial<Answer> = {}): Answer {
  return { what, schema: page, examples, ...more }
}

const NO_LONGER = shows('The sealed state is of no use any more: the first step again.', {
  expired: EXAMPLES.expired,
})
const again = (what: string, examples: Record<string, string>) => shows(what, examples, { headers: RATE })
const leads = (what: string): Answer => ({ what, headers: ['Location'] })

const shown: Operations = {
  'GET /reset': {
    id: 'getResetPage',
    summary: 'The first step: asks for an address.',
    who: 'anyone',
    query: [lang],
    answers: { 200: shows('The page.', { ask: EXAMPLES.ask }) },
  },
  'GET /reset/code': {
    id: 'getCodePage',
    summary: 'The second step: asks for the code.',
    description:
      'After asking, by the link of a mail, or by whoever has a code from elsewhere. Sends nothing.',
    who: 'anyone',
    query: [lang, link],
    answers: { 200: shows('The page.', { code: EXAMPLES.code }), 422: NO_LONGER },
  },
  'GET /reset/question': {
    id: 'getQuestionPage',
    summary: 'Leads to `/reset`: a question is an answer to a right code.',
    who: 'anyone',
    query: [lang],
    answers: { 303: leads('To the first step.') },
  },
  'GET /reset/password': {
    id: 'getPasswordPage',
    summary: 'Leads to `/reset`: the third step is the answer to a code.',
    who: 'anyone',
    query: [lang],
    answers: { 303: leads('To the first step.') },
  },
  'GET /reset/done': {
    id: 'getDonePage',
    summary: 'The last step: says that the password is set.',
    who: 'anyone',
    query: [lang],
    answers: { 200: shows('The page, the same for everybody.', { done: EXAMPLES.done }) },
  },
  'GET /reset/logo': {
    id: 'getLogo',
    summary: "The tenant's logo.",
    who: 'anyone',
    answers: {
      200: { what: 'The picture.', schema: picture, mediaTypes: ['image/svg+xml', 'image/png'] },
      404: { logo: 'There is no logo.' },
    },
  },
}

const sent: Operations = {
  'POST /reset': {
    id: 'askForCode',
    summary: 'The form of the first step: mails a code, if there is an account.',
    description: 'The answer is the same for every address there is.',
    who: 'anyone',
    query: [lang],
    body: body(FORM, askForm, { email: 'jane.saoirse@example.com' }),
    answers: {
      303: {
        ...leads('To the second step, whoever the address belongs to.'),
        headers: ['Location', ...RATE],
      },
      422: again('The step again: there is no address, or Turnstile was not passed.', {
        asked: EXAMPLES.wrong,
      }),
    },
  },
  'POST /reset/code': {
    id: 'enterCode',
    summary: 'The form of the second step: checks the code, or redeems it for a grant.',
    description:
      'A tenant with a password hook gets the page of the new password, with the code sealed in it. A tenant with ' +
      'grants gets a page whose form posts `resetGrant` to `redeem.returnUrl`.',
    who: 'anyone',
    query: [lang],
    body: body(FORM, codeForm, { m: SEALED, code: 'K7QP-2XWM' }),
    answers: {
      200: again('The code is right: the third step, or a question first.', {
        password: EXAMPLES.password,
        handover: EXAMPLES.handover,
        question: EXAMPLES.question,
      }),
      422: again('The step again: the code is not valid for the address, or missing.', {
        refused: EXAMPLES.refused,
      }),
    },
  },
  'POST /reset/question': {
    id: 'answerQuestion',
    summary: 'The form of a question, where the tenant asks one: presents the code again, with the answer.',
    description: 'A wrong answer is a wrong code.',
    who: 'anyone',
    query: [lang],
    body: body(FORM, questionForm, { s: SEALED, answer: 'Blue' }),
    answers: {
      200: again('The answer is right: the third step. Or the question is another one now.', {
        password: EXAMPLES.password,
        handover: EXAMPLES.handover,
      }),
      422: again('A question again: the answer is wrong or missing. Or the step of the code: it has ended.', {
        wrong: EXAMPLES.answerRefused,
      }),
    },
  },
  'POST /reset/password': {
    id: 'enterPassword',
    summary: 'The form of the third step: sets the new password by the hook, and redeems the code.',
    who: 'anyone',
    query: [lang],
    body: body(FORM, passwordForm, { s: SEALED, password: 'correct horse battery' }),
    answers: {
      200: again('A question first: it is another one now.', { question: EXAMPLES.question }),
      303: { ...leads('To the last step: the hook has set the password.'), headers: ['Location', ...RATE] },
      422: again("The step again, with the hook's reason; or the step before, where the code has ended.", {
        refused: EXAMPLES.password,
      }),
      503: { hook: 'The password could not be set just now. Your code is still good: try again' },
    },
  },
}

/** The pages as they are opened. */
export const pageDialect: Dialect = {
  tag: 'Reset pages',
  description:
    'HTML for people, which needs no script. The host name of the request names the tenant, whose policy `pages` ' +
    'turns them on.',
  operations: shown,
  mediaType: 'text/html',
  errorType: 'text/html',
  headers: [],
  refusal: (status, message, path) => ({
    schema: page,
    body: pageErrors.render({ status, message, path, now: 0, error: undefined }),
  }),
  common: () => ({
    404: { tenant: 'No tenant has this host name.', off: 'There are no reset pages here.' },
    503: STORE_FAULT,
  }),
}

/** The forms that they send. */
export const formDialect: Dialect = {
  ...pageDialect,
  operations: sent,
  headers: RATE,
  common: (operation, method) => ({
    ...pageDialect.common(operation, method),
    400: { twice: 'code is given more than once.', text: 'code is not valid UTF-8.' },
    403: { site: 'This form was sent from another site.' },
    415: {
      mediaType: 'Send the form as application/x-www-form-urlencoded.',
      charset: 'Send the body as UTF-8.',
      encoding: 'Send the body without Content-Encoding.',
    },
    429: { client: 'There were too many attempts. Try again in 7 seconds' },
    500: OUR_FAULT,
  }),
}
