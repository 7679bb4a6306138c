import { timingSafeEqual } from 'node:crypto'
import { getCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { TenantEnv } from './app-env.ts'
import { config } from '../config.ts'
import { csrfCookieName, decodeCsrfToken, isCsrfToken } from '../auth/csrf-token.ts'
import type { Policy } from '../tenants/policy.ts'

/** The vendor's names of the cookies that a session has. */
const SESSION_COOKIE = /^(?:AtmoAuthToken|Csrf-Token)_/

/**
 * Requires a CSRF token of the tenant, as its policy says. One that is sent is always checked, and
 * must be the cookie's where there is a cookie. By the policy `always` there must be one: the header
 * alone proves nothing, since anybody may ask for a token.
 *
 * @throws {HTTPException} 401 when it is missing, invalid or expired.
 */
export function requireCsrfToken() {
  return createMiddleware<TenantEnv>(async function requireCsrfToken(c, next) {
    const tenant = c.get('tenant')
    const now = c.get('now')
    const { csrf } = tenant.policy
    const cookies = getCookie(c)
    const header = c.req.header(`X-${csrfCookieName(tenant.id)}`)
    const isRequired =
      csrf === 'always' ||
      (csrf === 'with-cookie' &&
        (header !== undefined || Object.keys(cookies).some((name) => SESSION_COOKIE.test(name))))
    if (isRequired) {
      const isGood =
        header !== undefined &&
        isCsrfToken(config(c.env).transientKeys, tenant.id, header, now) &&
        isSameToken(header, cookies[csrfCookieName(tenant.id)], csrf)
      if (!isGood) {
        c.get('log').step = 'unauthenticated'
        c.get('log').outcome = header === undefined ? 'csrf-missing' : 'csrf-invalid'
        throw new HTTPException(401, { message: 'The CSRF token is missing, invalid or expired.' })
      }
    }
    await next()
  })
}

function isSameToken(header: string, cookie: string | undefined, csrf: Policy['csrf']): boolean {
  if (cookie === undefined) return csrf !== 'always'
  const sent = Buffer.from(decodeCsrfToken(header))
  const kept = Buffer.from(decodeCsrfToken(cookie))
  return sent.length === kept.length && timingSafeEqual(sent, kept)
}
