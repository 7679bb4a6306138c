import { HTTPException } from 'hono/http-exception'
import { logoOfTenant } from '../../tenants/catalogue.ts'
import type { PageContext } from './page.ts'

/** `GET /reset/logo`: the tenant's logo, under a policy by which an SVG can run and load nothing. */
export async function logo(c: PageContext): Promise<Response> {
  const { id, hasLogo } = c.get('tenant')
  const picture = hasLogo ? await logoOfTenant(c.env.DB, id) : undefined
  if (picture === undefined) throw new HTTPException(404, { message: 'There is no logo.' })
  c.header('Content-Security-Policy', "default-src 'none'; sandbox")
  c.header('Cache-Control', 'public, max-age=300')
  return c.body(Uint8Array.from(picture.bytes), 200, { 'Content-Type': picture.mediaType })
}
