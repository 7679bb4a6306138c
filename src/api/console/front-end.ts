import type { Context, Next } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { tenantOfHost } from '../../tenants/catalogue.ts'
import { notice } from './notice.ts'
import { isPage } from './return-path.ts'

/**
 * What the console may load: files of this origin, and nothing that stands in the page itself. `data:` is for pictures
 * that a script draws, as a QR code.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Nothing of a browser that the console has no use for. */
const PERMISSIONS = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()'

const SHELL = 'https://assets.invalid/console/index.html'

/**
 * `GET /console` and every page below it: the one page of the front end, whose script does the rest. It is the same
 * for everybody and has no data in it, so that it needs no session. Endpoints are left to what comes after.
 */
export async function frontEnd(c: Context<AppEnv>, next: Next): Promise<Response | void> {
  const { hostname, pathname } = new URL(c.req.url)
  if (!isPage(pathname)) return next()
  const tenant = await tenantOfHost(c.env.DB, hostname)
  if (tenant?.policy.console === undefined) {
    return notice(c, 404, {
      heading: 'There is no console here',
      text: 'This host has no console: nobody has said how people sign in to it (policy.console).',
    })
  }
  c.get('log').tenantId = tenant.id
  const shell = await c.env.ASSETS.fetch(SHELL)
  if (!shell.ok) {
    return notice(c, 404, {
      heading: 'The console is not built',
      text: 'Its front end is not among the files of this service. Build it with: npm run console',
    })
  }
  c.header('Content-Security-Policy', POLICY)
  c.header('Permissions-Policy', PERMISSIONS)
  return c.html(await shell.text())
}
