import { html } from 'hono/html'
import { ANSWER_LENGTH_MAX } from '../../codes/challenge.ts'
import type { Policy } from '../../tenants/policy.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { durationInWords } from '../../texts/duration.ts'
import { fill, type Texts } from '../../texts/texts.ts'
import type { Markup, Page, Problem } from './page.ts'

/** The forms of the reset pages. Each works without a script. */

type Field = {
  name: string
  label: string
  hint?: string | undefined
  problem: Problem | undefined
  attributes: Record<string, string | number | undefined>
}

/** A labelled input with its hint and its error, which a screen reader reads with it. */
export function field({ name, label, hint, problem, attributes }: Field): Markup {
  const error = problem?.field === name ? problem.message : undefined
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(' ')
  const all = {
    ...attributes,
    'aria-describedby': described || undefined,
    'aria-invalid': error && 'true',
  }
  return html`<div class="field ${error ? 'wrong' : ''}">
    <label for="${name}">${label}</label>
    ${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${error && html`<p class="error" id="${name}-error">${error}</p>`}
    <input
      id="${name}"
      name="${name}"
      ${Object.entries(all).map(([key, value]) => value !== undefined && html` ${key}="${value}"`)}
    />
  </div>`
}

function addressField({ pages }: Texts, value: string, problem: Problem | undefined): Markup {
  const attributes = { type: 'email', autocomplete: 'email', spellcheck: 'false', dir: 'ltr', value }
  return field({ name: 'email', label: pages.ask.address, problem, attributes })
}

export function askForm(
  page: Page,
  tenant: Tenant,
  { address = '', problem }: { address?: string; problem?: Problem | undefined },
): Markup {
  const { texts, href } = page
  const { ask } = texts.pages
  return html`<p>${fill(ask.intro, { tenant: senderOf(tenant) })}</p>
    <form method="post" action="${href('/reset')}" novalidate>
      ${addressField(texts, address, problem)} ${widget(page)}
      <button>${ask.button}</button>
    </form>
    <p><a href="${href('/reset/code')}">${ask.haveCode}</a></p>`
}

/** Turnstile's widget, where the tenant wants it in forms that send. It needs a script. */
function widget({ texts, looks: { turnstile } }: Page): Markup | '' {
  return turnstile === undefined
    ? ''
    : html`<div
          class="cf-turnstile"
          data-sitekey="${turnstile.siteKey}"
          data-language="${texts.tag}"
          data-size="flexible"
        ></div>
        <noscript><p class="error">${texts.pages.errors.human}</p></noscript>`
}

export type CodeStep = {
  /** The sealed state, where one step knew the address before. */
  link: string | undefined
  address: string
  reference: string | undefined
  /** Whether this page asked for the code, so that it may ask again; else a mail led here, or nothing did. */
  isAsked: boolean
  /** Seconds until asking again is worth it. */
  waitS: number
  problem?: Problem | undefined
}

export function codeForm(page: Page, tenant: Tenant, step: CodeStep): Markup {
  const { texts, href } = page
  const { code } = texts.pages
  const { link, address, reference, isAsked, problem } = step
  const { alphabet, length } = tenant.policy.code
  const isDigits = alphabet === 'digits'
  const intro = link === undefined ? code.held : isAsked ? code.sent : code.opened
  return html`<p>${fill(intro, { address: isolate(address), tenant: senderOf(tenant) })}</p>
    ${reference && html`<p class="reference">${fill(code.reference, { reference: isolate(reference) })}</p>`}
    <form method="post" action="${href('/reset/code')}" novalidate>
      ${
        link === undefined
          ? addressField(texts, address, problem)
          : html`<input type="hidden" name="m" value="${link}" />`
      }
      ${field({
        name: 'code',
        label: code.label,
        hint: fill(isDigits ? code.digits : code.letters, { length }),
        problem,
        attributes: {
          type: 'text',
          class: 'code',
          dir: 'ltr',
          inputmode: isDigits ? 'numeric' : 'text',
          autocomplete: 'one-time-code',
          autocapitalize: 'characters',
          spellcheck: 'false',
          maxlength: 64,
        },
      })}
      <button>${code.button}</button>
    </form>
    ${again(page, step)}`
}

/** Only who has asked here is offered a button: what follows the links of mails must find nothing that sends. */
function again(page: Page, { link, isAsked, waitS }: CodeStep): Markup {
  const { texts, href } = page
  const { code } = texts.pages
  if (link === undefined || !isAsked) return html`<p><a href="${href('/reset')}">${code.startAgain}</a></p>`
  const wait = fill(code.wait, { duration: durationInWords(texts.tag, waitS) })
  return html`<section aria-labelledby="again">
    <h2 id="again">${code.notReceived}</h2>
    <p>${code.advice}</p>
    ${waitS > 0 && html`<p data-wait="${waitS}" data-ready="${code.ready}">${wait}</p>`}
    <form method="post" action="${href('/reset')}">
      <input type="hidden" name="m" value="${link}" />
      ${widget(page)}
      <button class="second">${code.resend}</button>
    </form>
  </section>`
}

/** The question is in the tenant's words, whatever the language of the page. */
export function questionForm(
  { texts, href }: Page,
  { question, form, problem }: { question: string; form: string; problem?: Problem | undefined },
): Markup {
  return html`<p>${texts.pages.question.intro}</p>
    <form method="post" action="${href('/reset/question')}" novalidate>
      <input type="hidden" name="s" value="${form}" />
      ${field({
        name: 'answer',
        label: isolate(question),
        problem,
        attributes: {
          type: 'text',
          autocomplete: 'off',
          autocapitalize: 'none',
          spellcheck: 'false',
          dir: 'auto',
          maxlength: ANSWER_LENGTH_MAX,
        },
      })}
      <button>${texts.pages.code.button}</button>
    </form>`
}

export function passwordForm(
  { texts, looks, href }: Page,
  { address, form, problem }: { address: string; form: string; problem?: Problem | undefined },
): Markup {
  const { password } = texts.pages
  return html`<p>${fill(password.account, { address: isolate(address) })}</p>
    <form method="post" action="${href('/reset/password')}" novalidate>
      <input type="hidden" name="s" value="${form}" />
      <input type="text" autocomplete="username" value="${address}" readonly hidden />
      ${field({
        name: 'password',
        label: password.label,
        hint: looks.passwordHint,
        problem,
        attributes: {
          type: 'password',
          autocomplete: 'new-password',
          spellcheck: 'false',
          autocapitalize: 'none',
          dir: 'ltr',
          'data-show': password.show,
          'data-hide': password.hide,
        },
      })}
      <button>${password.button}</button>
    </form>`
}

/** The grant goes to the application when the user says so, by a form: a link would leave it in histories. */
export function handoverForm(
  { texts }: Page,
  tenant: Tenant,
  { url, resetGrant, ttlSeconds }: { url: string; resetGrant: string; ttlSeconds: number },
): Markup {
  const { handover } = texts.pages
  const slots = { tenant: senderOf(tenant), duration: durationInWords(texts.tag, ttlSeconds) }
  return html`<p>${fill(handover.text, slots)}</p>
    <form method="post" action="${url}">
      <input type="hidden" name="resetGrant" value="${resetGrant}" />
      <button>${handover.button}</button>
    </form>`
}

export function doneNote({ texts, looks }: Page): Markup {
  const { done } = texts.pages
  const { signInUrl } = looks
  return html`<p>${done.text}</p>
    ${signInUrl && html`<p><a class="button" href="${signInUrl}" rel="noreferrer">${done.button}</a></p>`}`
}

export function senderOf({ name, policy }: { name: string; policy: Pick<Policy, 'mail'> }): string {
  return policy.mail.name ?? name
}

/** Text of another direction than the sentence's, held together (Unicode's FSI and PDI). */
export function isolate(text: string): string {
  return `\u2068${text}\u2069`
}
