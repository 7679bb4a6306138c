import type { Context } from 'hono'
import { setCookie } from 'hono/cookie'
import { HTTPException } from 'hono/http-exception'
import { CSRF_TOKEN_TTL_MS, csrfCookieName, newCsrfToken } from '../../auth/csrf-token.ts'
import { config } from '../../config.ts'
import type { TenantEnv } from '../../http/app-env.ts'

/**
 * `GET /api/passwordmanagement/csrfToken`: hands out a token, as a cookie that scripts can read and in
 * the body. The vendor hands it out at login, which nobody has behind them who resets a password.
 */
export function csrfToken(c: Context<TenantEnv>): Response {
  const tenant = c.get('tenant')
  const now = c.get('now')
  if (tenant.policy.csrf === 'off')
    throw new HTTPException(404, { message: 'This tenant uses no CSRF tokens.' })
  const name = csrfCookieName(tenant.id)
  const token = newCsrfToken(config(c.env).transientKeys, tenant.id, now)
  setCookie(c, name, decodeURIComponent(token), {
    path: '/',
    sameSite: 'Lax',
    secure: new URL(c.req.url).protocol === 'https:',
    maxAge: CSRF_TOKEN_TTL_MS / 1000,
  })
  return c.json({ headerName: `X-${name}`, csrfToken: token })
}
