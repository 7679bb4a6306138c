import { html, raw } from 'hono/html'
import { isLoopbackHost } from '../../src/network-address.ts'
import { INBOX_PATH, type InboxMail } from './inbox.ts'
import { INBOX_SCRIPT } from './inbox-script.ts'
import { INBOX_STYLE } from './inbox-style.ts'

/** How much of a mail a row shows before it is opened: enough for the code in it. */
const PREVIEW_LENGTH = 200

/** A text up to this length needs no tall frame. A frame without rights cannot say how high it is. */
const SHORT_LENGTH = 250

/** Addresses that a client on this machine has, also as IPv6 writes an IPv4. */
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/i

/**
 * Answers `/dev/mail`, the page, and `/dev/mail.json`; nothing for every other path, and to whoever is
 * not on this machine. The host is checked too: a page of the internet can give its own name this address.
 */
export function answerInbox(
  request: Request,
  mails: readonly InboxMail[],
): Response | Promise<Response> | undefined {
  const { pathname, hostname } = new URL(request.url)
  const isHere = isLoopbackHost(hostname) && LOOPBACK.test(request.headers.get('CF-Connecting-IP') ?? '')
  if (!isHere || request.method !== 'GET') return undefined
  switch (pathname) {
    case INBOX_PATH:
      return page(request, mails)
    case `${INBOX_PATH}.json`:
      return Response.json({ mails }, { headers: FIXED_HEADERS })
  }
  return undefined
}

const FIXED_HEADERS = {
  'Cache-Control': 'no-store',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** The page, or 304 for a page that shows the newest mail already. */
async function page(request: Request, mails: readonly InboxMail[]): Promise<Response> {
  const tag = `"${mails[0]?.id ?? 'empty'}"`
  const nonce = crypto.randomUUID()
  const headers = {
    ...FIXED_HEADERS,
    ETag: tag,
    'Content-Type': 'text/html; charset=utf-8',
    // The frames of mails inherit it: their own styles work, and no script does.
    'Content-Security-Policy': `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  }
  if (request.headers.get('If-None-Match') === tag) return new Response(null, { status: 304, headers })
  return new Response(String(await render(mails, tag, nonce)), { headers })
}

function render(mails: readonly InboxMail[], tag: string, nonce: string) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Mails of the local service</title>
        <style>
          ${raw(INBOX_STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>Mails</h1>
          <p>
            What this service has sent since it was started, newest first. Nothing of it has left this
            machine.
          </p>
          <p id="status" role="status">New mails appear here by themselves.</p>
        </header>
        <main id="mails" data-tag="${tag}">
          ${mails.map((mail, index) => row(mail, index === 0))}${mails.length === 0 ? empty() : ''}
        </main>
        <script nonce="${nonce}">
          ${raw(INBOX_SCRIPT)}
        </script>
      </body>
    </html> `
}

function row({ id, sentAt, from, to, subject, text, html: body, link }: InboxMail, isOpen: boolean) {
  // Links of the mail open beside the inbox, since a frame without rights cannot leave it.
  const framed = `<base target="_blank">${body}`
  return html`<article id="${id}">
    <details ${isOpen ? 'open' : ''}>
      <summary>
        <span class="subject">${subject}</span>
        <time datetime="${sentAt}">${sentAt.slice(11, 16)} UTC</time>
        <span class="to">to ${to}</span>
        <span class="preview">${previewOf(text)}</span>
      </summary>
      <dl>
        <dt>From</dt>
        <dd>${from}</dd>
        <dt>To</dt>
        <dd>${to}</dd>
      </dl>
      <div class="views">
        <input type="radio" name="view-${id}" id="html-${id}" class="as-html" checked />
        <label for="html-${id}">As HTML</label>
        <input type="radio" name="view-${id}" id="text-${id}" class="as-text" />
        <label for="text-${id}">As text</label>
        <iframe
          title="The mail as HTML: ${subject}"
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          loading="lazy"
          class="${text.length <= SHORT_LENGTH ? 'is-short' : ''}"
          srcdoc="${framed}"
        ></iframe>
        <pre>${text}</pre>
      </div>
    </details>
    ${link === undefined ? '' : html`<a class="link" href="${link}" target="_blank" rel="noreferrer"><b>Open its link</b> <span>${link}</span></a>`}
  </article>`
}

/** The beginning of a text, cut between two words, so that no address is shown in part. */
function previewOf(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ')
  if (line.length <= PREVIEW_LENGTH) return line
  const words = line.slice(0, PREVIEW_LENGTH + 1)
  return `${words.slice(0, Math.max(0, words.lastIndexOf(' ')))} …`
}

function empty() {
  const command =
    'curl -s http://localhost:PORT/api/passwordmanagement/sendPasswordResetCode -d emailAddress=jane.saoirse@example.com'
  return html`<section class="empty">
    <h2>No mail yet</h2>
    <p>Ask for a password reset code in a terminal, and its mail is here a moment later:</p>
    <pre id="try">${command}</pre>
  </section>`
}
