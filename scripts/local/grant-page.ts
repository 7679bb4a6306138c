import { html } from 'hono/html'
import { decodeJwt } from 'jose'
import { isLoopbackHost } from '../../src/network-address.ts'

/** Where the reset pages of a local run hand their grants: it stands for the tenant's application. */
export const GRANT_PATH = '/dev/grant'

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Content-Type': 'text/html; charset=utf-8',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

/** Answers `POST /dev/grant` with what the grant says; nothing for every other request. */
export function answerGrant(request: Request): Promise<Response> | undefined {
  const { pathname, hostname } = new URL(request.url)
  const isHere = isLoopbackHost(hostname) && pathname === GRANT_PATH && request.method === 'POST'
  return isHere ? showGrant(request) : undefined
}

async function showGrant(request: Request): Promise<Response> {
  const grant = new URLSearchParams(await request.text()).get('resetGrant') ?? ''
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>A reset grant</title>
      </head>
      <body>
        <h1>A reset grant</h1>
        <p>This page stands for your application, which would verify the grant and ask for a new password.</p>
        <pre>${claimsOf(grant)}</pre>
      </body>
    </html>`
  return new Response(String(await page), { headers: HEADERS })
}

function claimsOf(grant: string): string {
  try {
    return JSON.stringify(decodeJwt(grant), null, 2)
  } catch {
    return 'No grant was sent.'
  }
}
