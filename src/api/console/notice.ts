import type { Context } from 'hono'
import { html } from 'hono/html'
import type { AppEnv } from '../../http/app-env.ts'
import type { ErrorStatus } from '../../http/error-status.ts'

/** A page that is not the console: why nobody is signed in, or that there is no console here. It runs nothing. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

type Notice = {
  heading: string
  text: string
  /** Where to go on, and what to call that. */
  link?: { href: string; words: string }
}

export async function notice(
  c: Pick<Context<AppEnv>, 'header' | 'html'>,
  status: ErrorStatus,
  { heading, text, link }: Notice,
): Promise<Response> {
  c.header('Content-Security-Policy', POLICY)
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${heading}</title>
        <link rel="icon" href="/assets/reset-icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/reset.css" />
      </head>
      <body>
        <main>
          <h1>${heading}</h1>
          <p>${text}</p>
          ${link && html`<p><a href="${link.href}">${link.words}</a></p>`}
        </main>
      </body>
    </html>`
  return c.html(String(await page), status)
}
