import { Hono } from 'hono'
import type { AdminEnv } from '../../http/app-env.ts'
import { requireTenantOfHost } from '../../http/tenant-of-host.ts'
import { accessTokenKeys, metadata } from './metadata.ts'
import { token } from './token.ts'

/** OAuth 2.0 for the admin API, on the hosts of each tenant: RFC 6749, RFC 7523, RFC 9068, RFC 8414. */
export const oauthRoutes = new Hono<AdminEnv>()

const onTenantsHost = requireTenantOfHost()

oauthRoutes.post('/oauth/token', onTenantsHost, token)
oauthRoutes.get('/oauth/jwks', onTenantsHost, accessTokenKeys)
oauthRoutes.get('/.well-known/oauth-authorization-server', onTenantsHost, metadata)
oauthRoutes.get('/.well-known/oauth-authorization-server/oauth', onTenantsHost, metadata)
