import { createMiddleware } from 'hono/factory'
import type { AppEnv } from './app-env.ts'

/** Headers of every answer: nothing may be sniffed, framed, referred to or fetched over plain HTTP. */
const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

const HEADER_ENTRIES = Object.entries(HEADERS)

/** Sets {@link HEADERS}. A page, which loads something, has said itself what it loads. */
export function securityHeaders() {
  return createMiddleware<AppEnv>(async function securityHeaders(c, next) {
    await next()
    // Not by `c.header`, which makes another Response each time when there is one.
    const { headers } = c.res
    for (const [name, value] of HEADER_ENTRIES) if (!headers.has(name)) headers.set(name, value)
  })
}
