import { adminErrors } from './api/admin/errors.ts'
import { adminRoutes } from './api/admin/routes.ts'
import { oauthErrors } from './api/oauth/errors.ts'
import { oauthRoutes } from './api/oauth/routes.ts'
import { pageErrors } from './api/pages/errors.ts'
import { pageRoutes } from './api/pages/routes.ts'
import { passwordErrors } from './api/password/errors.ts'
import { jwks } from './api/password/jwks.ts'
import { challengeRoutes, passwordRoutes } from './api/password/routes.ts'
import type { Plane } from './app.ts'

/** What users and administrators of a tenant call about codes. */
export const dataPlane: Plane = {
  errors: [
    ['/AdminInterface/', adminErrors],
    ['/api/', passwordErrors],
    ['/oauth/', oauthErrors],
    ['/reset', pageErrors],
  ],
  mount(app) {
    app.get('/.well-known/jwks.json', jwks)
    app.route('/AdminInterface/restapi', adminRoutes)
    app.route('/api', passwordRoutes)
    app.route('/api', challengeRoutes)
    app.route('/', oauthRoutes)
    app.route('/reset', pageRoutes)
  },
}
