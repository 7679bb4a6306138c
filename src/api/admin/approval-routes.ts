import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { authenticate } from '../../http/authenticate.ts'
import { rateLimitKey } from '../../http/key-limits.ts'
import { requireJsonAccepted } from '../../http/media-types.ts'
import { collectApproval, decideApproval, getApprovals } from './approvals.ts'

/** Codes that wait for a second person: rare beside those that are issued at once, so they are the control plane's. */
export const approvalRoutes = new Hono<AdminEnv>()

const asHelpDesk = [authenticate('codes'), requireJsonAccepted(), rateLimitKey()] as const

approvalRoutes.get('/', ...asHelpDesk, getApprovals)
approvalRoutes.post('/:id/approve', ...asHelpDesk, decideApproval('approved'))
approvalRoutes.post('/:id/decline', ...asHelpDesk, decideApproval('declined'))
approvalRoutes.post('/:id/collect', ...asHelpDesk, collectApproval)
