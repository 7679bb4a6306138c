import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { html, raw } from 'hono/html'
import type { VisitorEnv } from '../../http/app-env.ts'
import type { ErrorStatus } from '../../http/error-status.ts'
import { TURNSTILE_ORIGIN, TURNSTILE_SCRIPT } from '../../hooks/turnstile.ts'
import { nearestReadable } from '../../tenants/contrast.ts'
import type { Policy } from '../../tenants/policy.ts'
import type { Tenant } from '../../tenants/tenant.ts'
import { fill, type Texts } from '../../texts/texts.ts'

/** How the pages of a tenant look: `pages` of its policy where it is on. */
export type Looks = Exclude<Policy['pages'], 'off'>

/** What a page is made with. */
export type Page = {
  texts: Texts
  looks: Looks
  /** A path of the pages, in the language that was asked for in the URL. */
  href: (path: string, query?: Record<string, string>) => string
}

export type PageEnv = VisitorEnv & { Variables: { page: Page } }
export type PageContext = Context<PageEnv>

export type Markup = ReturnType<typeof html>

/** A fault of what was entered, and the field that it is about. Without a field it is about the whole. */
export type Problem = { field?: string; message: string; waitS?: number }

/** The background of reset.css on a dark screen. */
const DARK = '#14171c'
const CONTRAST_MIN = 4.5

/** What a page shows, and where its form may go. */
export type Shown = {
  heading: string
  body: Markup
  problem?: Problem | undefined
  /** An origin besides the page's own that its form may be sent to. */
  formTarget?: string
  /** Whether a form has the widget of Turnstile, the only thing from elsewhere that a page may load. */
  hasWidget?: boolean
}

/**
 * Answers with a whole page. It may load the service's own style, script and pictures, and send its form to the
 * service or, where it hands over a grant, to the tenant's application.
 */
export async function showPage(
  c: PageContext,
  shown: Shown,
  status: 200 | ErrorStatus = 200,
): Promise<Response> {
  const page = c.get('page')
  const { formTarget, hasWidget = false } = shown
  const widget = hasWidget ? TURNSTILE_ORIGIN : undefined
  c.header('Content-Security-Policy', securityPolicy(accentStyle(page.looks), formTarget, widget))
  return c.html(String(await wholePage(page, c.get('tenant'), shown)), status)
}

/** The markup of a page, from its first byte to its last. */
export function wholePage(
  { texts, looks }: Page,
  tenant: Pick<Tenant, 'name' | 'policy' | 'hasLogo'>,
  { heading, body, problem, hasWidget = false }: Shown,
): Markup {
  const sender = tenant.policy.mail.name ?? tenant.name
  const plain = fill(texts.pages.title, { heading, tenant: sender })
  const title = problem ? fill(texts.pages.titleWithError, { title: plain }) : plain
  return html`<!doctype html>
    <html lang="${texts.tag}" dir="${texts.dir}">
      ${head({ title, style: accentStyle(looks), hasWidget })}
      <body>
        <header>
          ${tenant.hasLogo ? html`<img src="/reset/logo" alt="${sender}" />` : html`<p>${sender}</p>`}
        </header>
        <main>
          ${problem && summary(texts, problem)}
          <h1>${heading}</h1>
          ${body}
        </main>
        ${help(texts, looks)}
      </body>
    </html>`
}

function head({
  title,
  style,
  hasWidget,
}: {
  title: string
  style: string | undefined
  hasWidget: boolean
}): Markup {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width,initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <meta name="robots" content="noindex" />
    <title>${title}</title>
    <link rel="icon" href="/assets/reset-icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/assets/reset.css" />
    ${style && raw(`<style>${style}</style>`)}
    <script src="/assets/reset.js" defer></script>
    ${hasWidget && html`<script src="${TURNSTILE_SCRIPT}" async defer></script>`}
  </head>`
}

/** The list of errors, as GOV.UK's design system has it: focused, and linked to the field. */
function summary(texts: Texts, { field, message, waitS }: Problem): Markup {
  const shown = html`<span ${waitS === undefined ? '' : raw(`data-wait="${waitS}"`)}>${message}</span>`
  return html`<div class="summary" role="alert" tabindex="-1" autofocus aria-labelledby="summary">
    <h2 id="summary">${texts.pages.errors.heading}</h2>
    <p>${field ? html`<a href="#${field}">${shown}</a>` : shown}</p>
  </div>`
}

function help(texts: Texts, { supportUrl, supportText = texts.pages.help }: Looks): Markup | '' {
  return supportUrl === undefined
    ? ''
    : html`<footer><a href="${supportUrl}" rel="noreferrer">${supportText}</a></footer>`
}

/** The tenant's color, and what is nearest to it that can be read on a dark screen. */
function accentStyle({ accentColor }: Looks): string | undefined {
  if (accentColor === undefined) return undefined
  const light = nearestReadable(accentColor, DARK, CONTRAST_MIN)
  return `:root{--accent:${accentColor};--accent-dark:${light}}`
}

function securityPolicy(
  style: string | undefined,
  formTarget: string | undefined,
  widget: string | undefined,
): string {
  const hash = style && `'sha256-${createHash('sha256').update(style).digest('base64')}'`
  return [
    "default-src 'none'",
    ["style-src 'self'", hash].filter(Boolean).join(' '),
    ["script-src 'self'", widget].filter(Boolean).join(' '),
    ...(widget ? [`frame-src ${widget}`] : []),
    "img-src 'self'",
    ["form-action 'self'", formTarget].filter(Boolean).join(' '),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}
