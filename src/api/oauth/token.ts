import type { Context } from 'hono'
import { ACCESS_TOKEN_TTL_S, newAccessToken } from '../../auth/access-token.ts'
import { verifyAssertion } from '../../auth/client-assertion.ts'
import { config } from '../../config.ts'
import type { AdminEnv } from '../../http/app-env.ts'
import { mediaType, readText } from '../../http/body.ts'
import { admitTokenRequest } from '../../http/key-limits.ts'
import { useAssertion } from '../../tenants/oauth-client-store.ts'
import { isScope, type Scope } from '../../tenants/scope.ts'
import { OAuthError } from './errors.ts'
import { issuerHere } from './metadata.ts'

/** RFC 7523 §2.2. */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * `POST /oauth/token`: an access token for a client that proves itself by an assertion (RFC 6749 §4.4, RFC 7523).
 * Each assertion is good once.
 */
export async function token(c: Context<AdminEnv>): Promise<Response> {
  const form = await readForm(c)
  const grantType = required(form, 'grant_type')
  if (grantType !== 'client_credentials') {
    throw new OAuthError('unsupported_grant_type', 'grant_type must be client_credentials.')
  }
  if (form.get('client_assertion_type') !== ASSERTION_TYPE) {
    throw unauthenticated(
      c,
      `Authenticate by private_key_jwt: client_assertion_type must be ${ASSERTION_TYPE}.`,
    )
  }
  const [tenant, now, settings] = [c.get('tenant'), c.get('now'), config(c.env)]
  const clientId = form.get('client_id') ?? undefined
  const assertion = form.get('client_assertion') ?? ''
  const verified = await verifyAssertion(c.env.DB, settings, tenant, assertion, { clientId, now })
  if (verified === undefined) throw unauthenticated(c, 'The client assertion is not good.')
  const { client, jtiDigest, expiresAt } = verified
  c.get('log').accessId = client.clientId
  c.set('principal', { tag: 'oauth-client', id: client.clientId, name: client.description })
  await admitTokenRequest(c)
  const scopes = grantedScopes(client.scopes, form.get('scope'))
  if (!(await useAssertion(c.env.DB, { clientId: client.clientId, jtiDigest, expiresAt }, now))) {
    throw unauthenticated(c, 'The client assertion was used before: make one for each request.')
  }
  // RFC 6749 §5.1 asks for it beside Cache-Control.
  c.header('Pragma', 'no-cache')
  return c.json({
    access_token: await newAccessToken(
      settings,
      tenant,
      { issuer: issuerHere(c), clientId: client.clientId, scopes },
      now,
    ),
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_TTL_S,
    scope: scopes.join(' '),
  })
}

/** @throws {OAuthError} for another body than a form, or one that names a parameter twice (RFC 6749 §3.2). */
async function readForm(c: Context<AdminEnv>): Promise<URLSearchParams> {
  if (mediaType(c) !== 'application/x-www-form-urlencoded') {
    throw new OAuthError('invalid_request', 'Send the parameters as application/x-www-form-urlencoded.')
  }
  if (new URL(c.req.url).search !== '') {
    throw new OAuthError('invalid_request', 'Send the parameters in the body, not in the URL.')
  }
  const form = new URLSearchParams(await readText(c))
  const names = [...form.keys()]
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  // The name is the caller's own text, and is not repeated to them.
  if (repeated !== undefined) throw new OAuthError('invalid_request', 'A parameter is given more than once.')
  // "Parameters sent without a value MUST be treated as if they were omitted."
  return new URLSearchParams([...form].filter(([, value]) => value !== ''))
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name)
  if (value !== null) return value
  throw new OAuthError('invalid_request', `${name} is required.`)
}

/** Those asked for that the client may have (RFC 6749 §3.3): clients ask for all that they know at once. */
function grantedScopes(allowed: readonly Scope[], asked: string | null): readonly Scope[] {
  if (asked === null) return allowed
  const names = new Set(asked.split(/[ \uFFFC]+/))
  const granted = allowed.filter((scope) => isScope(scope) && names.has(scope))
  if (granted.length > 0) return granted
  throw new OAuthError(
    'invalid_scope',
    `None of these scopes is the client's, which are: ${allowed.join(' ')}.`,
  )
}

/**
 * RFC 6749 §5.2: with a challenge by the scheme that the client has used, since no 401 may be without one. The message
 * never says which check failed; the log says that one did.
 */
function unauthenticated(c: Context<AdminEnv>, message: string): OAuthError {
  const [scheme = 'Bearer'] = /^[a-z]{1,20}(?= )/i.exec(c.req.header('Authorization') ?? '') ?? []
  c.header('WWW-Authenticate', `${scheme} realm="oauth"`)
  c.get('log').step = 'unauthenticated'
  c.get('log').outcome = 'client-assertion'
  return new OAuthError('invalid_client', message)
}
