import english from '../../public/texts/en.json' with { type: 'json' }
import * as v from 'valibot'
import { body, type Answer, type Dialect, type Operations, type Parameter } from './operation.ts'
import { formDialect, page, pageDialect } from './pages.ts'
import { STORE_FAULT } from './responses.ts'
import { text } from './shared-schemas.ts'

/** The pages behind "This was not me", which every host of a tenant has. */

const SEALED = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiMSJ9..c2VhbGVk.cmVwb3J0.dGFn'

const { report } = english.pages

const lang: Parameter = { name: 'lang', description: 'The language of the page.', schema: v.string() }
const link: Parameter = {
  name: 'm',
  description: 'Which code it is about, sealed, as the link of the notice has it.',
  schema: v.string(),
}

function shows(what: string, heading: string, more: Partial<Answer> = {}): Answer {
  const example = `<!doctype html><html lang="en"><title>${heading}</title><h1>${heading}</h1></html>`
  return { what, schema: page, examples: { example }, ...more }
}

const STALE = 'The link is altered, too old or another tenant’s: whom to tell instead.'

const shown: Operations = {
  'GET /v/report/code': {
    id: 'getReportPage',
    summary: '"This was not me": asks once more, and does nothing.',
    who: 'anyone',
    query: [lang, link],
    answers: { 200: shows('The page.', report.heading), 422: shows(STALE, report.heading) },
  },
  'GET /v/report/done': {
    id: 'getReportedPage',
    summary: 'Says that the code was reported.',
    who: 'anyone',
    query: [lang],
    answers: { 200: shows('The page, the same for everybody.', report.done) },
  },
}

const sent: Operations = {
  'POST /v/report/code': {
    id: 'reportCode',
    summary:
      'Ends all codes of the user, and freezes them: no administrator gets a code for them for a while.',
    description: 'Again, it changes nothing, and answers the same.',
    who: 'anyone',
    query: [lang],
    body: body('application/x-www-form-urlencoded', v.looseObject({ m: text('The sealed link.') }), {
      m: SEALED,
    }),
    answers: {
      303: { what: 'To the page that says so.', headers: ['Location', 'RateLimit', 'RateLimit-Policy'] },
      422: shows(STALE, report.heading),
    },
  },
}

const NO_TENANT = { 404: 'No tenant has this host name.', 503: STORE_FAULT }

export const reportPageDialect: Dialect = { ...pageDialect, operations: shown, common: () => NO_TENANT }

export const reportFormDialect: Dialect = {
  ...formDialect,
  operations: sent,
  common: (operation, method) => ({
    ...formDialect.common(operation, method),
    ...NO_TENANT,
    400: { twice: 'm is given more than once.', text: 'm is not valid UTF-8.' },
  }),
}
