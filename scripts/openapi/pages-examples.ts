import english from '../../public/texts/en.json' with { type: 'json' }
import { wholePage, type Markup, type Page, type Problem } from '../../src/api/pages/page.ts'
import {
  askForm,
  codeForm,
  doneNote,
  handoverForm,
  passwordForm,
  questionForm,
} from '../../src/api/pages/views.ts'
import { parsePolicy } from '../../src/tenants/policy.ts'
import type { Tenant } from '../../src/tenants/tenant.ts'
import type { Texts } from '../../src/texts/texts.ts'

/** Pages as a tenant's visitors get them, made by what makes them. */

const ADDRESS = 'jane.saoirse@example.com'
const SEALED = 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiMSJ9..c2VhbGVk.c3RhdGU.dGFn'
const RETURN_URL = 'https://app.example.com/reset'

const texts: Texts = english as Texts
const page: Page = { texts, looks: { supportUrl: 'https://example.com/help' }, href: (path) => path }
const tenant = newTenant()
const { ask, code, question, password, handover, done, errors } = texts.pages

const asked = { link: SEALED, address: ADDRESS, reference: 'KTRV', isAsked: true, waitS: 60 }
const asking = { question: 'What is your favorite color?', form: SEALED }
const addressMissing = { field: 'email', message: errors.addressMissing }
const codeRefused = { field: 'code', message: errors.codeRefused }
const answerRefused = { field: 'answer', message: errors.answerRefused }
const expired = { message: errors.expired }

export const EXAMPLES = {
  ask: await shown(ask.heading, askForm(page, tenant, {})),
  wrong: await shown(ask.heading, askForm(page, tenant, { problem: addressMissing }), addressMissing),
  expired: await shown(ask.heading, askForm(page, tenant, { problem: expired }), expired),
  code: await shown(code.heading, codeForm(page, tenant, asked)),
  refused: await shown(code.heading, codeForm(page, tenant, { ...asked, problem: codeRefused }), codeRefused),
  question: await shown(question.heading, questionForm(page, asking)),
  answerRefused: await shown(
    question.heading,
    questionForm(page, { ...asking, problem: answerRefused }),
    answerRefused,
  ),
  password: await shown(password.heading, passwordForm(page, { address: ADDRESS, form: SEALED })),
  handover: await shown(
    handover.heading,
    handoverForm(page, tenant, {
      url: RETURN_URL,
      resetGrant: 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln',
      ttlSeconds: 300,
    }),
  ),
  done: await shown(done.heading, doneNote(page)),
}

async function shown(heading: string, body: Markup, problem?: Problem): Promise<string> {
  return String(await wholePage(page, tenant, { heading, body, problem }))
}

function newTenant(): Tenant {
  const audience = 'https://app.example.com'
  const parsed = parsePolicy({ redeem: { kind: 'grant', audience, returnUrl: RETURN_URL }, pages: {} })
  if (parsed.tag === 'invalid') throw new Error('the policy of the examples is not valid')
  return { name: 'Example', policy: parsed.policy } as Tenant
}
