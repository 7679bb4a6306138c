import type { ErrorStatus } from '../../http/error-status.ts'
import { durationInWords } from '../../texts/duration.ts'
import { fill } from '../../texts/texts.ts'
import { referenceOf } from '../../codes/reference.ts'
import { openLink, sealForm, sealLink, type EnteredState, type ResetState } from '../../codes/reset-link.ts'
import { config } from '../../config.ts'
import { Limited } from '../../http/rate-limit.ts'
import { showPage, type PageContext, type Problem } from './page.ts'
import { askForm, codeForm, passwordForm, questionForm } from './views.ts'

/** What several steps show. */

/** The first step. */
export function showAsk(
  c: PageContext,
  { address, problem }: { address?: string; problem?: Problem } = {},
  status: 200 | ErrorStatus = problem ? 422 : 200,
): Promise<Response> {
  const page = c.get('page')
  const body = askForm(page, c.get('tenant'), { ...(address && { address }), problem })
  const hasWidget = page.looks.turnstile !== undefined
  return showPage(c, { heading: page.texts.pages.ask.heading, body, problem, hasWidget }, status)
}

/** What the second step knows: nothing where no step was before it. */
export type Known = { link: string; state: ResetState } | { address: string }

/** The second step. */
export function showCode(
  c: PageContext,
  known: Known,
  problem?: Problem,
  status: 200 | ErrorStatus = problem ? 422 : 200,
): Promise<Response> {
  const page = c.get('page')
  const tenant = c.get('tenant')
  const state = 'link' in known ? known.state : undefined
  const isAsked = state?.askedAt !== undefined
  const hasWidget = isAsked && page.looks.turnstile !== undefined
  const body = codeForm(page, tenant, {
    link: 'link' in known ? known.link : undefined,
    address: 'link' in known ? known.state.emailAddress : known.address,
    reference: state?.reference,
    isAsked,
    waitS: waitSeconds(c, state?.askedAt),
    problem,
  })
  return showPage(c, { heading: page.texts.pages.code.heading, body, problem, hasWidget }, status)
}

/** The second step again: the code has ended since it was entered. */
export function showCodeAgain(c: PageContext, { emailAddress }: ResetState): Promise<Response> {
  const message = c.get('page').texts.pages.errors.codeRefused
  return showCode(c, { address: emailAddress }, { field: 'code', message })
}

/** The question to whoever has entered a right code, where the tenant asks one. */
export async function showQuestion(
  c: PageContext,
  entered: EnteredState & Required<Pick<EnteredState, 'asked'>>,
  problem?: Problem,
  status: 200 | ErrorStatus = problem ? 422 : 200,
): Promise<Response> {
  const page = c.get('page')
  const form = await sealForm(config(c.env).transientKeys, entered)
  const body = questionForm(page, { question: entered.asked.question.text, form, problem })
  return showPage(c, { heading: page.texts.pages.question.heading, body, problem }, status)
}

/** The third step, where the tenant's hook sets passwords. */
export function showPassword(
  c: PageContext,
  step: { address: string; form: string },
  problem?: Problem,
  status: 200 | ErrorStatus = problem ? 422 : 200,
): Promise<Response> {
  const page = c.get('page')
  const body = passwordForm(page, { ...step, problem })
  return showPage(c, { heading: page.texts.pages.password.heading, body, problem }, status)
}

/** Until the recipient's bucket has a unit again: for the page to say, the limit itself is the limiter's. */
function waitSeconds(c: PageContext, askedAt: number | undefined): number {
  const { burst, perMinute } = c.get('tenant').policy.limits.recipient
  if (askedAt === undefined || burst > 1) return 0
  return Math.max(0, Math.ceil((askedAt + 60_000 / perMinute - c.get('now')) / 1000))
}

/** The state that a link or a form carries, or the answer where it is of no use any more. */
export async function readLink(c: PageContext, sealed: string): Promise<Known | Response> {
  const opened = await openLink(config(c.env).transientKeys, sealed, c.get('tenant').id, c.get('now'))
  return opened.tag === 'open' ? { link: sealed, state: opened.state } : startAgain(c, opened.tag)
}

/** The first step again. That the time is over tells of the link alone, and nothing of the user. */
export function startAgain(c: PageContext, why: 'expired' | 'foreign'): Promise<Response> {
  const { expired, stale } = c.get('page').texts.pages.errors
  return showAsk(c, { problem: { message: why === 'expired' ? expired : stale } })
}

/** The state behind a code that was just asked for. */
export function sealAsked(c: PageContext, emailAddress: string, codeId: string): Promise<string> {
  const now = c.get('now')
  const { id: tenantId } = c.get('tenant')
  const reference = referenceOf(codeId)
  const state = { tenantId, emailAddress, reference, askedAt: now, expiresAt: lastsUntil(c) }
  return sealLink(config(c.env).transientKeys, state)
}

/** When a code that is issued now ends. */
export function lastsUntil(c: PageContext): number {
  return c.get('now') + c.get('tenant').policy.code.ttlMinutes * 60_000
}

/** What a limit that refused says to the user. @throws what is no refusal by a limit. */
export function limitProblem(c: PageContext, error: unknown): Problem {
  if (!(error instanceof Limited)) throw error
  const { texts } = c.get('page')
  const { retryAfterS } = error
  const duration = durationInWords(texts.tag, retryAfterS)
  return { message: fill(texts.pages.errors.limited, { duration }), waitS: retryAfterS }
}
