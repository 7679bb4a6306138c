import { Hono } from 'hono'
import { identifyClient } from '../../http/client.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { ask, askPage } from './ask.ts'
import { codePage, enterCode } from './code.ts'
import { logo } from './logo.ts'
import { showPage, type PageContext, type PageEnv } from './page.ts'
import { enterPassword } from './password.ts'
import { answerQuestion } from './question.ts'
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
pageRoutes.get('/question', ...shown, toBeginning)
pageRoutes.post('/question', ...sent, answerQuestion)
pageRoutes.get('/password', ...shown, toBeginning)
pageRoutes.post('/password', ...sent, enterPassword)
pageRoutes.get('/done', ...shown, donePage)
pageRoutes.get('/logo', ...shown, logo)

/** `GET /reset/question` and `GET /reset/password`: these steps are answers to forms, and no URL is a dead end. */
function toBeginning(c: PageContext): Response {
  return c.redirect(c.get('page').href('/reset'), 303)
}

/** `GET /reset/done`: the last page. It tells nothing of anybody, and may be reloaded. */
function donePage(c: PageContext): Promise<Response> {
  const page = c.get('page')
  return showPage(c, { heading: page.texts.pages.done.heading, body: doneNote(page) })
}
