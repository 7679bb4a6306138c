import english from '../../public/texts/en.json' with { type: 'json' }
import * as v from 'valibot'
import { body, type Answer, type Dialect, type Operations, type Parameter } from './operation.ts'
import { formDialect, page, pageDialect } from './pages.ts'
import { OUR_FAULT, STORE_FAULT } from './responses.ts'
import { text } from './shared-schemas.ts'

/** The pages on which a caller shows the help desk who they are, which every host of a tenant has. */

const FORM = 'application/x-www-form-urlencoded'
const RATE = ['RateLimit', 'RateLimit-Policy'] as const

const { verify } = english.pages

const lang: Parameter = { name: 'lang', description: 'The language of the page.', schema: v.string() }

function shows(what: string, heading: string, more: Partial<Answer> = {}): Answer {
  const example = `<!doctype html><html lang="en"><title>${heading}</title><h1>${heading}</h1></html>`
  return { what, schema: page, examples: { example }, headers: RATE, ...more }
}

const DIGITS = shows('The caller is the user: the digits, and who asks for them.', verify.read)
const AGAIN = shows('The page again, with what is wrong.', verify.heading)

const NOT_THERE = {
  tenant: 'No tenant has this host name.',
  over: 'This page is no longer valid, or its code is not right. Ask the help desk for a new one',
}
const FAULTS = { 500: OUR_FAULT, 503: STORE_FAULT }
const LIMITED = { 429: { client: 'There were too many attempts. Try again in 7 seconds' } }
const FOREIGN = { 403: { site: 'This form was sent from another site.' } }

const looked: Operations = {
  'GET /v/{link}': {
    id: 'getVerificationPage',
    summary: 'The page behind `verifyUrl`: says what it is for, and does nothing.',
    who: 'anyone',
    query: [lang],
    answers: { 200: shows('The page, which names nobody.', verify.heading) },
  },
  'GET /v/sign-in/done': {
    id: 'finishVerificationSignIn',
    summary: "Where the tenant's OpenID provider sends a caller back to.",
    description: 'What it brings is good once, in the browser that has begun to sign in.',
    who: 'anyone',
    answers: {
      200: { ...DIGITS, headers: [...RATE, 'Set-Cookie'] },
      422: { ...AGAIN, headers: [...RATE, 'Set-Cookie'] },
    },
  },
}

const pressed: Operations = {
  'POST /v/{link}/send': {
    id: 'sendVerificationCode',
    summary: 'Sends the caller a code, to the second address or number of the user.',
    who: 'anyone',
    query: [lang],
    answers: {
      303: { what: 'To the page again.', headers: ['Location', ...RATE] },
      422: shows('A code was sent just now, or too many were.', verify.heading),
    },
  },
  'POST /v/{link}/sign-in': {
    id: 'startVerificationSignIn',
    summary: "Takes the caller to the tenant's OpenID provider.",
    who: 'anyone',
    query: [lang],
    answers: {
      200: shows('A page that leads there.', verify.heading, { headers: [...RATE, 'Refresh', 'Set-Cookie'] }),
      422: AGAIN,
    },
  },
}

const entered: Operations = {
  'POST /v/{link}': {
    id: 'enterVerificationCode',
    summary: 'Checks the code that the caller was sent.',
    who: 'anyone',
    query: [lang],
    body: body(FORM, v.looseObject({ code: v.optional(text('Eight digits.', '41709355')) }), {
      code: '41709355',
    }),
    answers: { 200: DIGITS, 422: AGAIN },
  },
}

const opened: Operations = {
  'POST /v/open': {
    id: 'openVerificationPage',
    summary: 'Leads to the page whose code is typed.',
    who: 'anyone',
    query: [lang],
    body: body(FORM, v.looseObject({ link: v.optional(text('The code in the link.', 'K7QP-2XWM')) }), {
      link: 'K7QP-2XWM',
    }),
    answers: {
      303: { what: 'To that page.', headers: ['Location'] },
      422: shows('What was typed is no such code.', verify.heading, { headers: [] }),
    },
  },
}

const limited: Dialect = { ...pageDialect, headers: RATE }

export const verifyPageDialects: readonly Dialect[] = [
  {
    ...limited,
    headers: [...RATE, 'Set-Cookie'],
    operations: looked,
    common: () => ({ 404: NOT_THERE, ...LIMITED, ...FAULTS }),
  },
  { ...limited, operations: pressed, common: () => ({ 404: NOT_THERE, ...LIMITED, ...FOREIGN, ...FAULTS }) },
  {
    ...formDialect,
    operations: entered,
    common: (operation, method) => ({ ...formDialect.common(operation, method), 404: NOT_THERE, ...FAULTS }),
  },
  {
    ...formDialect,
    headers: [],
    operations: opened,
    common: (operation, method) => ({
      ...formDialect.common(operation, method),
      404: { tenant: NOT_THERE.tenant },
      400: { twice: 'link is given more than once.', text: 'link is not valid UTF-8.' },
      ...FAULTS,
    }),
  },
]
