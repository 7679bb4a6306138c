import type { Context } from 'hono'
import { config } from '../../config.ts'
import { accessTokenJwks } from '../../auth/access-token.ts'
import type { ReadContext, TenantEnv } from '../../http/app-env.ts'
import { SCOPES } from '../../tenants/scope.ts'

/** The issuer at the host that is asked (RFC 8414 §3.3): each host of a tenant is one. */
export function issuerHere(c: ReadContext<TenantEnv>): string {
  return `${new URL(c.req.url).origin}/oauth`
}

/** `GET /.well-known/oauth-authorization-server` (RFC 8414), also with the issuer's path behind it. */
export function metadata(c: Context<TenantEnv>): Response {
  const issuer = issuerHere(c)
  return c.json({
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    grant_types_supported: ['client_credentials'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'],
    scopes_supported: Object.keys(SCOPES),
  })
}

/** `GET /oauth/jwks`: the keys that access tokens are signed with. */
export function accessTokenKeys(c: Context<TenantEnv>): Response {
  return c.json(accessTokenJwks(config(c.env)))
}
