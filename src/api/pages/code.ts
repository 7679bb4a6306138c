import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { admitCode } from '../../http/client-limits.ts'
import { readForm } from './form.ts'
import type { PageContext } from './page.ts'
import { present } from './present.ts'
import { lastsUntil, limitProblem, readLink, showCode, type Known } from './steps.ts'
import { asTyped } from './typed.ts'

/** `GET /reset/code`: the second step, by a link or after asking, or by whoever has a code from elsewhere. */
export async function codePage(c: PageContext): Promise<Response> {
  const sealed = c.req.query('m') ?? ''
  const known = sealed === '' ? { address: '' } : await readLink(c, sealed)
  return known instanceof Response ? known : showCode(c, known)
}

/** `POST /reset/code`: checks the code, or exchanges it for a grant. What is no code at all is not counted. */
export async function enterCode(c: PageContext): Promise<Response> {
  const form = await readForm(c)
  const sealed = form.field('m')
  const known: Known | Response =
    sealed === '' ? { address: form.field('email').trim() } : await readLink(c, sealed)
  if (known instanceof Response) return known
  const { errors } = c.get('page').texts.pages
  const address = 'link' in known ? known.state.emailAddress : known.address
  if (canonicalEmailAddress(address) === undefined) {
    const message = address === '' ? errors.addressMissing : errors.addressForm
    return showCode(c, known, { field: 'email', message })
  }
  const code = asTyped(form.field('code'))
  if (code === '') return showCode(c, known, { field: 'code', message: errors.codeMissing })
  try {
    await admitCode(c)
  } catch (error) {
    return showCode(c, known, limitProblem(c, error), 429)
  }
  const before = 'link' in known ? known.state : { tenantId: c.get('tenant').id, emailAddress: address }
  const entered = { expiresAt: lastsUntil(c), ...before, code }
  return present(c, entered, () => showCode(c, known, { field: 'code', message: errors.codeRefused }))
}
