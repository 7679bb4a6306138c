import { canonicalEmailAddress } from '../../codes/email-address.ts'
import { sealForm } from '../../codes/reset-link.ts'
import { config } from '../../config.ts'
import { admitCode } from '../../http/client-limits.ts'
import { checkCode, redeemForGrant } from '../../http/present-code.ts'
import { readForm } from './form.ts'
import { showPage, type PageContext } from './page.ts'
import { lastsUntil, limitProblem, readLink, showAsk, showCode, type Known } from './steps.ts'
import { asTyped } from './typed.ts'
import { handoverForm } from './views.ts'
import { showPassword } from './password.ts'

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
  return present(c, known, address, code)
}

async function present(c: PageContext, known: Known, address: string, code: string): Promise<Response> {
  const tenant = c.get('tenant')
  const { redeem } = tenant.policy
  const refused = { field: 'code', message: c.get('page').texts.pages.errors.codeRefused }
  // The policy has pages only where it has one of the two.
  if (redeem === undefined) return showAsk(c)
  if (redeem.kind === 'hook') {
    const outcome = await checkCode(c, address, code)
    if (outcome.tag !== 'accepted') return showCode(c, known, refused)
    const before = 'link' in known ? known.state : { tenantId: tenant.id, emailAddress: address }
    const state = { expiresAt: lastsUntil(c), ...before, code }
    return showPassword(c, { address, form: await sealForm(config(c.env).transientKeys, state) })
  }
  const outcome = await redeemForGrant(c, redeem, address, code)
  if (outcome.tag !== 'granted') return showCode(c, known, refused)
  const { returnUrl: url = '', ttlSeconds } = redeem
  const page = c.get('page')
  const body = handoverForm(page, tenant, { url, resetGrant: outcome.resetGrant, ttlSeconds })
  const { heading } = page.texts.pages.handover
  return showPage(c, { heading, body, formTarget: new URL(url).origin })
}
