import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { identifyClient } from '../../http/client.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { readLogo } from '../../tenants/logo.ts'
import { ask, askPage } from './ask.ts'
import { codePage, enterCode } from './code.ts'
import { showPage, type PageContext, type PageEnv } from './page.ts'
import { enterPassword } from './password.ts'
import { preparePage, requireOwnForm } from './prepare.ts'
import { doneNote } from './views.ts'

/** The reset pages, below `/reset` of a tenant's hosts. GET and HEAD change nothing (R10). */
export const pageRoutes = new Hono<PageEnv>()

const shown = [requireTenantOfHost(), preparePage()] as const
const sent = [...shown, requireOwnForm(), identifyClient()] as const

pageRoutes.get('/', ...shown, askPage)
pageRoutes.post('/', ...sent, ask)
pageRoutes.get('/code', ...shown, codePage)
pageRoutes.post('/code', ...sent, enterCode)
pageRoutes.get('/password', ...shown, (c) => c.redirect(c.get('page').href('/reset'), 303))
pageRoutes.post('/password', ...sent, enterPassword)
pageRoutes.get('/done', ...shown, donePage)
pageRoutes.get('/logo', ...shown, logo)

/** `GET /reset/done`: the last page. It tells nothing of anybody, and may be reloaded. */
function donePage(c: PageContext): Promise<Response> {
  const page = c.get('page')
  return showPage(c, { heading: page.texts.pages.done.heading, body: doneNote(page) })
}

/** `GET /reset/logo`: the tenant's logo, under a policy by which an SVG can run and load nothing. */
function logo(c: PageContext): Response {
  const picture = readLogo(c.get('page').looks.logo ?? '')
  if (picture === undefined) throw new HTTPException(404, { message: 'There is no logo.' })
  c.header('Content-Security-Policy', "default-src 'none'; sandbox")
  c.header('Cache-Control', 'public, max-age=300')
  return c.body(Uint8Array.from(picture.bytes), 200, { 'Content-Type': picture.mediaType })
}
