import type { Context } from 'hono'
import { parse } from 'hono/utils/cookie'
import type { AppEnv } from '../../http/app-env.ts'

/** The cookies of the console. By the prefix of their names, browsers take them in this form alone (RFC 6265bis §4.1.3.2). */

type Cookie = `__Host-${string}`
type SetContext = Pick<Context<AppEnv>, 'header'>

/**
 * Sets a cookie that no script reads.
 *
 * @param value base64url, dots and underscores alone.
 * @param maxAgeS for how long the browser keeps it; until it is closed, where there is none.
 */
export function setCookie(
  c: SetContext,
  name: Cookie,
  value: string,
  { sameSite, maxAgeS }: { sameSite: 'Lax' | 'Strict'; maxAgeS?: number },
): void {
  const age = maxAgeS === undefined ? '' : `; Max-Age=${maxAgeS}`
  c.header('Set-Cookie', `${name}=${value}${age}; Path=/; HttpOnly; Secure; SameSite=${sameSite}`, {
    append: true,
  })
}

export function dropCookie(c: SetContext, name: Cookie): void {
  c.header('Set-Cookie', `${name}=; Max-Age=0; Path=/; HttpOnly; Secure`, { append: true })
}

export function readCookie(c: Pick<Context<AppEnv>, 'req'>, name: Cookie): string | undefined {
  return parse(c.req.header('Cookie') ?? '', name)[name]
}
