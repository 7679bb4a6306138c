import { openForm, type EnteredState } from '../../codes/reset-link.ts'
import { config } from '../../config.ts'
import { admitCode } from '../../http/client-limits.ts'
import type { ErrorStatus } from '../../http/error-status.ts'
import { PASSWORD_LENGTH_MAX, setPassword } from '../../http/set-password.ts'
import { fill } from '../../texts/texts.ts'
import { readForm } from './form.ts'
import { showPage, type PageContext, type Problem } from './page.ts'
import { limitProblem, showAsk, showCode, startAgain } from './steps.ts'
import { passwordForm } from './views.ts'

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

/** `POST /reset/password`: has the password set, and leads to the last page by a redirect. */
export async function enterPassword(c: PageContext): Promise<Response> {
  const { redeem } = c.get('tenant').policy
  const form = await readForm(c)
  const sealed = form.field('s')
  const opened = await openForm(config(c.env).transientKeys, sealed, c.get('tenant').id, c.get('now'))
  if (opened.tag !== 'open') return startAgain(c, opened.tag)
  // The tenant has changed its policy meanwhile.
  if (redeem?.kind !== 'hook') return showAsk(c)
  const { state } = opened
  const newPassword = form.field('password')
  const step = { address: state.emailAddress, form: sealed }
  const wrong = passwordFault(c, newPassword)
  if (wrong !== undefined) return showPassword(c, step, { field: 'password', message: wrong })
  try {
    await admitCode(c)
  } catch (error) {
    return showPassword(c, step, limitProblem(c, error), 429)
  }
  const { errors } = c.get('page').texts.pages
  const { emailAddress: email, code } = state
  const outcome = await setPassword(c, redeem, { email, code, newPassword })
  switch (outcome.tag) {
    case 'set':
      return c.redirect(c.get('page').href('/reset/done'), 303)
    // Pages and questions exclude each other by policy.
    case 'asked':
    case 'refused':
      return showCodeAgain(c, state)
    case 'hook-refused':
      return showPassword(c, step, { field: 'password', message: outcome.reason })
    case 'hook-failed':
      return showPassword(c, step, { message: errors.passwordFailed }, 503)
  }
}

function passwordFault(c: PageContext, password: string): string | undefined {
  const { passwordMissing, passwordLong } = c.get('page').texts.pages.errors
  if (password === '') return passwordMissing
  return password.length > PASSWORD_LENGTH_MAX
    ? fill(passwordLong, { length: PASSWORD_LENGTH_MAX })
    : undefined
}

/** The code has ended since it was entered. */
function showCodeAgain(c: PageContext, { emailAddress }: EnteredState): Promise<Response> {
  const message = c.get('page').texts.pages.errors.codeRefused
  return showCode(c, { address: emailAddress }, { field: 'code', message })
}
