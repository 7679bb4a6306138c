import { html } from 'hono/html'
import { LINK, PROOF } from '../../codes/verification.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import type { VerificationMethod } from '../../tenants/verification-policy.ts'
import { durationInWords } from '../../texts/duration.ts'
import { fill } from '../../texts/texts.ts'
import type { Markup, Page, Problem } from './page.ts'
import { field, isolate, senderOf } from './views.ts'

/** The forms on which a caller shows the help desk who they are. Each works without a script. */

const CODE_ATTRIBUTES = { type: 'text', class: 'code', dir: 'ltr', spellcheck: 'false', maxlength: 64 }

/** Asks for the code in the link, where the link has none that is good. */
export function linkForm({ texts, href }: Page, problem?: Problem): Markup {
  const { verify, code } = texts.pages
  return html`<form method="post" action="${href('/v/open')}" novalidate>
    ${field({
      name: 'link',
      label: verify.linkLabel,
      hint: fill(verify.linkHint, { length: LINK.length }),
      problem,
      attributes: { ...CODE_ATTRIBUTES, autocomplete: 'off', autocapitalize: 'characters' },
    })}
    <button>${code.button}</button>
  </form>`
}

type ProofStep = {
  action: string
  method: Exclude<VerificationMethod, 'sign-in'>
  /** Whether a code is on its way. */
  isSent: boolean
  problem: Problem | undefined
}

/** Before the caller has shown who they are, a page names nobody: neither the user nor who asks. */
export function proofForm(
  page: Page,
  tenant: Tenant,
  { action, method, isSent, problem }: ProofStep,
): Markup {
  const { texts, href } = page
  const { verify, code } = texts.pages
  const named = { tenant: senderOf(tenant) }
  const whereto = fill({ mail: verify.byMail, phone: verify.byPhone }[method], named)
  const send = (words: string, style: string) =>
    html`<form method="post" action="${href(`${action}/send`)}">
      <button class="${style}">${words}</button>
    </form>`
  const opening = html`<p>${fill(verify.intro, named)}</p>
    <p><strong>${verify.stop}</strong></p>`
  if (!isSent) {
    return html`${opening}
      <p>${whereto}</p>
      ${send(verify.send, '')}`
  }
  return html`${opening}
    <p>${verify.sent}</p>
    <form method="post" action="${href(action)}" novalidate>
      ${field({
        name: 'code',
        label: verify.codeLabel,
        hint: fill(code.digits, { length: PROOF.length }),
        problem,
        attributes: { ...CODE_ATTRIBUTES, inputmode: 'numeric', autocomplete: 'one-time-code' },
      })}
      <button>${code.button}</button>
    </form>
    <section aria-labelledby="again">
      <h2 id="again">${code.notReceived}</h2>
      <p>${whereto}</p>
      ${send(code.resend, 'second')}
    </section>`
}

/** The same for who is to sign in. */
export function signInForm({ texts, href }: Page, tenant: Tenant, action: string): Markup {
  const { verify } = texts.pages
  const named = { tenant: senderOf(tenant) }
  return html`<p>${fill(verify.intro, named)}</p>
    <p><strong>${verify.stop}</strong></p>
    <p>${fill(verify.signIn, named)}</p>
    <form method="post" action="${href(`${action}/sign-in`)}"><button>${verify.signInButton}</button></form>`
}

/** The way to the provider, for whom the browser does not take there by itself. */
export function providerLink({ texts }: Page, tenant: Tenant, url: string): Markup {
  const { verify } = texts.pages
  return html`<p>${fill(verify.signIn, { tenant: senderOf(tenant) })}</p>
    <p><a class="button" href="${url}" rel="noreferrer">${verify.signInButton}</a></p>`
}

/** The digits, and who asks for them. Apart from each other, so that they are read one by one. */
export function digitsNote(
  { texts }: Page,
  tenant: Tenant,
  { digits, agent, validS }: { digits: string; agent: string; validS: number },
): Markup {
  const { verify } = texts.pages
  const who = { agent: isolate(agent), tenant: senderOf(tenant) }
  return html`<p class="digits" dir="ltr">${digits.replace(/\B/g, ' ')}</p>
    <p>${fill(verify.asking, who)}</p>
    <p><strong>${verify.warning}</strong></p>
    <p>${fill(verify.valid, { duration: durationInWords(texts.tag, validS) })}</p>`
}
