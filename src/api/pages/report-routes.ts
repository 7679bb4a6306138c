import { Hono } from 'hono'
import { identifyClient } from '../../http/client.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import type { PageEnv } from './page.ts'
import { preparePage, requireOwnForm } from './prepare.ts'
import { report, reportedPage, reportPage } from './report.ts'

/**
 * The pages behind "This was not me", below `/v/report` of a tenant's hosts: a tenant without other pages has them too.
 * GET and HEAD change nothing (R10).
 */
export const reportRoutes = new Hono<PageEnv>()

const shown = [requireTenantOfHost(), preparePage({ isForAll: true })] as const

reportRoutes.get('/code', ...shown, reportPage)
reportRoutes.post('/code', ...shown, requireOwnForm(), identifyClient(), report)
reportRoutes.get('/done', ...shown, reportedPage)
