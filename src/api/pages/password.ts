import { openForm } from '../../codes/reset-link.ts'
import { config } from '../../config.ts'
import { admitCode } from '../../http/client-limits.ts'
import { PASSWORD_LENGTH_MAX, setPassword } from '../../http/set-password.ts'
import { fill } from '../../texts/texts.ts'
import { readForm } from './form.ts'
import type { PageContext } from './page.ts'
import { askQuestion } from './present.ts'
import { limitProblem, showAsk, showCodeAgain, showPassword, startAgain } from './steps.ts'

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
  const { emailAddress: email, code, answer } = state
  const outcome = await setPassword(c, redeem, { email, code, newPassword, answer })
  switch (outcome.tag) {
    case 'set':
      return c.redirect(c.get('page').href('/reset/done'), 303)
    case 'asked':
      return askQuestion(c, state, outcome)
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
