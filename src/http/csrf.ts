import { timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from './app-env.ts'
import { config } from '../config.ts'
import { CSRF_TOKEN_TTL_MS, decodeCsrfToken, isCsrfToken, newCsrfToken } from '../auth/csrf-token.ts'

/** The vendor's names: the header is called as the cookie with `X-` before it. */
const cookieName = (tenantId: string) => `Csrf-Token_${tenantId}`
const SESSION_COOKIE = /^(?:AtmoAuthToken|Csrf-Token)_/

/**
 * `GET /api/passwordmanagement/csrfToken`: hands out a token, as a cookie that scripts can read and in
 * the body. The vendor hands it out at login, which nobody has behind them who resets a password.
 */
export function csrfToken(c: Context<AppEnv>): Response {
  const tenant = c.get('tenant')
  const now = c.get('now')
  if (tenant.policy.csrf === 'off')
    throw new HTTPException(404, { message: 'This tenant uses no CSRF tokens.' })
  const name = cookieName(tenant.id)
  const token = newCsrfToken(config(c.env).transientKeys, tenant.id, now)
  setCookie(c, name, decodeURIComponent(token), {
    path: '/',
    sameSite: 'Lax',
    secure: new URL(c.req.url).protocol === 'https:',
    maxAge: CSRF_TOKEN_TTL_MS / 1000,
  })
  return c.json({ headerName: `X-${name}`, csrfToken: token })
}

/**
 * Requires a CSRF token of the tenant, as its policy says. One that is sent is always checked, and
 * must be the cookie's where there is a cookie.
 *
 * @throws {HTTPException} 401 when it is missing, invalid or expired.
 */
export function requireCsrfToken() {
  return createMiddleware<AppEnv>(async function requireCsrfToken(c, next) {
    const tenant = c.get('tenant')
    const now = c.get('now')
    const { csrf } = tenant.policy
    const cookies = getCookie(c)
    const header = c.req.header(`X-${cookieName(tenant.id)}`)
    const isRequired =
      csrf === 'always' ||
      (csrf === 'with-cookie' &&
        (header !== undefined || Object.keys(cookies).some((name) => SESSION_COOKIE.test(name))))
    if (isRequired) {
      const isGood =
        header !== undefined &&
        isCsrfToken(config(c.env).transientKeys, tenant.id, header, now) &&
        isSameToken(header, cookies[cookieName(tenant.id)])
      if (!isGood) {
        c.get('log').step = 'unauthenticated'
        c.get('log').outcome = header === undefined ? 'csrf-missing' : 'csrf-invalid'
        throw new HTTPException(401, { message: 'The CSRF token is missing, invalid or expired.' })
      }
    }
    await next()
  })
}

function isSameToken(header: string, cookie: string | undefined): boolean {
  if (cookie === undefined) return true
  const sent = Buffer.from(decodeCsrfToken(header))
  const kept = Buffer.from(decodeCsrfToken(cookie))
  return sent.length === kept.length && timingSafeEqual(sent, kept)
}
