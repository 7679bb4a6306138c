import { adminErrors } from './api/admin/errors.ts'
import { adminRoutes } from './api/admin/routes.ts'
import { oauthErrors } from './api/oauth/errors.ts'
import { oauthRoutes } from './api/oauth/routes.ts'
import { pageErrors } from './api/pages/errors.ts'
import { pageRoutes } from './api/pages/routes.ts'
import { passwordErrors } from './api/password/errors.ts'
import { jwks } from './api/password/jwks.ts'
import { challengeRoutes, passwordRoutes } from './api/password/routes.ts'
import { scimErrors } from './api/scim/errors.ts'
import { scimRoutes } from './api/scim/routes.ts'
import type { Plane } from './app.ts'

/** What users, administrators and the products of a tenant call. */
export const dataPlane: Plane = {
  errors: [
    ['/AdminInterface/', adminErrors],
    ['/api/', passwordErrors],
    ['/scim/', scimErrors],
    ['/oauth/', oauthErrors],
    ['/reset', pageErrors],
  ],
  largeBodies: ['/scim/v2/Bulk'],
  mount(app) {
    app.get('/.well-known/jwks.json', jwks)
    app.route('/AdminInterface/restapi', adminRoutes)
    app.route('/api', passwordRoutes)
    app.route('/api', challengeRoutes)
    app.route('/scim/v2', scimRoutes)
    app.route('/', oauthRoutes)
    app.route('/reset', pageRoutes)
  },
}
