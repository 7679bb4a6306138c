import { consoleRoutes } from './api/console/routes.ts'
import { adminErrors } from './api/admin/errors.ts'
import { approvalRoutes } from './api/admin/approval-routes.ts'
import { adminVoidRoutes } from './api/admin/void-routes.ts'
import { operatorRoutes } from './api/operator/routes.ts'
import { pageErrors } from './api/pages/errors.ts'
import { reportRoutes } from './api/pages/report-routes.ts'
import { verifyRoutes } from './api/pages/verify-routes.ts'
import type { Plane } from './app.ts'

/**
 * What the operator of the service calls, the console of tenants, what super-admins call when something is wrong, codes that
 * wait for a second person, the page on which users report a code, and the pages of callers to the help desk. Its
 * prefixes are the routes of its Worker in wrangler.toml.
 */
export const controlPlane: Plane = {
  errors: [
    ['/AdminInterface/', adminErrors],
    ['/v/', pageErrors],
  ],
  mount(app) {
    app.route('/operator/v1', operatorRoutes)
    app.route('/console', consoleRoutes)
    app.route('/AdminInterface/restapi/v1/codes', adminVoidRoutes)
    app.route('/AdminInterface/restapi/v1/approvals', approvalRoutes)
    app.route('/v/report', reportRoutes)
    app.route('/v', verifyRoutes)
  },
}
