import { html } from 'hono/html'
import { reportCode } from '../../codes/freeze-store.ts'
import { openReport, type ReportState } from '../../codes/report-link.ts'
import { config } from '../../config.ts'
import { admitCode } from '../../http/client-limits.ts'
import { tenantScopeOf } from '../../http/context.ts'
import type { ErrorStatus } from '../../http/error-status.ts'
import { durationInWords } from '../../texts/duration.ts'
import { fill } from '../../texts/texts.ts'
import { freezeMs } from '../../tenants/desk-policy.ts'
import { readForm } from './form.ts'
import { showPage, type Markup, type PageContext, type Problem } from './page.ts'
import { limitProblem } from './steps.ts'
import { senderOf } from './views.ts'

/** The page behind "This was not me". It knows the code by its sealed link, and shows nothing of anybody. */

/** `GET /v/report/code`: asks once more. What opens the links of a mail finds a page that does nothing (S5, R10). */
export async function reportPage(c: PageContext): Promise<Response> {
  const sealed = c.req.query('m') ?? ''
  return (await read(c, sealed)) === undefined ? refuse(c) : show(c, sealed)
}

/** `POST /v/report/code`: ends the code, and freezes the user. Again, it changes nothing and answers the same. */
export async function report(c: PageContext): Promise<Response> {
  const sealed = (await readForm(c)).field('m')
  const state = await read(c, sealed)
  if (state === undefined) return refuse(c)
  try {
    await admitCode(c)
  } catch (error) {
    return show(c, sealed, limitProblem(c, error), 429)
  }
  const { policy } = c.get('tenant')
  await reportCode(
    { ...tenantScopeOf(c), ...policy.code },
    { ...state, freezeMs: freezeMs(policy), network: c.get('client').network },
  )
  return c.redirect(c.get('page').href('/v/report/done'), 303)
}

/** `GET /v/report/done`: the last page, which may be reloaded. */
export function reportedPage(c: PageContext): Promise<Response> {
  const { texts } = c.get('page')
  const { done, doneText } = texts.pages.report
  return showPage(c, {
    heading: done,
    body: html`<p>${fill(doneText, named(c))}</p>
      ${onward(c)}`,
  })
}

async function read(c: PageContext, sealed: string): Promise<ReportState | undefined> {
  const opened = await openReport(config(c.env).transientKeys, sealed, c.get('tenant').id, c.get('now'))
  if (opened.tag === 'open') return opened.state
  c.get('log').outcome = 'stale-link'
  return undefined
}

function show(
  c: PageContext,
  sealed: string,
  problem?: Problem,
  status: 200 | ErrorStatus = 200,
): Promise<Response> {
  const { texts, href } = c.get('page')
  const { heading, text, otherwise, button } = texts.pages.report
  const body = html`<p>${fill(text, named(c))}</p>
    <form method="post" action="${href('/v/report/code')}">
      <input type="hidden" name="m" value="${sealed}" />
      <button>${button}</button>
    </form>
    <p>${otherwise}</p>`
  return showPage(c, { heading, body, problem }, status)
}

/** For a link that is of no use (any more): who to turn to instead. */
function refuse(c: PageContext): Promise<Response> {
  const { heading, stale, staleText } = c.get('page').texts.pages.report
  const body = html`<p>${fill(staleText, named(c))}</p>
    ${onward(c)}`
  return showPage(c, { heading, body, problem: { message: stale } }, 422)
}

/** Where to ask for a code of one's own, if the tenant has the pages for it. */
function onward(c: PageContext): Markup | '' {
  const { texts, href } = c.get('page')
  if (c.get('tenant').policy.pages === 'off') return ''
  return html`<p><a href="${href('/reset')}">${texts.pages.code.startAgain}</a></p>`
}

function named(c: PageContext) {
  const tenant = c.get('tenant')
  const duration = durationInWords(c.get('page').texts.tag, freezeMs(tenant.policy) / 1000)
  return { tenant: senderOf(tenant), duration }
}
