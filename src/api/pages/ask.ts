import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { isHuman, TURNSTILE_FIELD } from '../../hooks/turnstile.ts'
import { askForCode } from '../../http/ask-for-code.ts'
import { readForm } from './form.ts'
import type { PageContext } from './page.ts'
import { limitProblem, readLink, sealAsked, showAsk, showCode, type Known } from './steps.ts'

/** `GET /reset`: the first step, where a code is asked for. */
export function askPage(c: PageContext): Promise<Response> {
  return showAsk(c)
}

/**
 * `POST /reset`: has a code sent, and leads to the second step by a redirect, so that neither a reload nor going
 * back sends again. The button "send again" posts the sealed state instead of an address.
 */
export async function ask(c: PageContext): Promise<Response> {
  const form = await readForm(c)
  const sealed = form.field('m')
  const token = form.field(TURNSTILE_FIELD)
  if (sealed === '') return askFor(c, token, form.field('email').trim())
  const known = await readLink(c, sealed)
  if (known instanceof Response) return known
  return 'link' in known ? askFor(c, token, known.state.emailAddress, known) : showAsk(c)
}

async function askFor(c: PageContext, token: string, address: string, known?: Known): Promise<Response> {
  const { texts, looks } = c.get('page')
  const { errors } = texts.pages
  if (canonicalEmailAddress(address) === undefined) {
    const message = address === '' ? errors.addressMissing : errors.addressForm
    return showAsk(c, { address, problem: { field: 'email', message } })
  }
  const { turnstile } = looks
  if (turnstile && !(await isHuman(turnstile.secret, token, c.req.header('CF-Connecting-IP')))) {
    c.get('log').outcome = 'not-human'
    const problem = { message: errors.human }
    return known ? showCode(c, known, problem) : showAsk(c, { address, problem })
  }
  try {
    const codeId = await askForCode(c, address)
    return c.redirect(c.get('page').href('/reset/code', { m: await sealAsked(c, address, codeId) }), 303)
  } catch (error) {
    const problem = limitProblem(c, error)
    return known ? showCode(c, known, problem, 429) : showAsk(c, { address, problem }, 429)
  }
}
