import { Hono } from 'hono'
import { identifyClient } from '../../http/client.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import type { PageEnv } from './page.ts'
import { preparePage, requireOwnForm } from './prepare.ts'
import { enterLink, enterProof, linkPage, sendProof } from './verify.ts'
import { signedIn, signIn } from './verify-sign-in.ts'

/**
 * The pages on which a caller shows the help desk who they are, below `/v` of a tenant's hosts. GET and HEAD change
 * nothing (R10), but where the tenant's OpenID provider sends a browser back to that has begun to sign in.
 */
export const verifyRoutes = new Hono<PageEnv>()

const shown = [requireTenantOfHost(), preparePage({ isForAll: true }), identifyClient()] as const
const sent = [...shown, requireOwnForm()] as const

verifyRoutes.post('/open', ...sent, enterLink)
verifyRoutes.get('/:link', ...shown, linkPage)
verifyRoutes.post('/:link', ...sent, enterProof)
verifyRoutes.post('/:link/send', ...sent, sendProof)
verifyRoutes.post('/:link/sign-in', ...sent, signIn)
verifyRoutes.get('/sign-in/done', ...shown, signedIn)
