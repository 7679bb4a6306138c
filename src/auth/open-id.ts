import { jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { createHash } from 'node:crypto'
import { ExpiringMap } from '../expiring-map.ts'
import { ProviderUnreachable, providerFetch } from '../hooks/provider-fetch.ts'
import { isRecord } from '../record.ts'
import { PROVIDER_ALGORITHMS, providerKeys } from './provider-keys.ts'

/**
 * Signing in with a tenant's OpenID provider: OpenID Connect Core 1.0, the code flow with PKCE (RFC 7636), `state`,
 * `nonce`, and the issuer in the response (RFC 9207).
 */

/** How long a provider's metadata is kept, and of how many providers. */
const METADATA_TTL_MS = 10 * 60_000
/** How long one that does not answer is left alone: anybody can have us ask, by a made-up logout token. */
const UNREACHABLE_TTL_MS = 5_000
const PROVIDERS_MAX = 100
const CLOCK_TOLERANCE_S = 60

/** A provider, and the client that we are to it: a public one where there is no secret. */
export type OpenIdClient = { issuer: string; clientId: string; clientSecret?: string | undefined }

/** What a sign-in asks of the provider besides. */
export type SignInWish = {
  /** Authentication contexts, separated by blanks, of which the answer must have one. */
  acrValues?: string | undefined
  /** For how long the person may have been authenticated, in seconds; 0 asks them anew. */
  maxAgeS?: number | undefined
  prompt?: 'login' | undefined
}

/** What must come back unchanged: the browser keeps it, sealed. */
export type PendingSignIn = { state: string; nonce: string; verifier: string } & SignInWish

export type SignInFault =
  /** The provider is out of reach, or its metadata is not as it must be. */
  | 'provider-unreachable'
  /** The provider says that the person may not, or did not want to. */
  | 'provider-denied'
  /** The answer is not for this sign-in, or is not signed by this provider for us. */
  | 'provider-answer'
  /** The person was not authenticated as was asked for. */
  | 'provider-acr'

export type SignInOutcome =
  | { tag: 'signed-in'; claims: OpenIdClaims }
  | { tag: 'refused'; fault: SignInFault }

/** What the provider says of a person: its ID token, and what else its user info has. */
export type OpenIdClaims = Record<string, unknown> & { sub: string }

const metadata = new ExpiringMap<oauth.AuthorizationServer>(PROVIDERS_MAX)
const unreachable = new ExpiringMap<true>(PROVIDERS_MAX)

/**
 * The URL at the provider that a person is sent to, and what to remember of it.
 *
 * @throws {ProviderUnreachable}
 */
export async function startSignIn(
  client: OpenIdClient,
  redirectUri: string,
  wish: SignInWish,
  isLocalRun: boolean,
): Promise<{ url: string; pending: PendingSignIn }> {
  const provider = await providerOf(client, isLocalRun)
  const verifier = oauth.generateRandomCodeVerifier()
  const pending = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier,
    ...wish,
  }
  const url = authorizationEndpoint(provider)
  const parameters = {
    client_id: client.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: scopesOf(provider),
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(wish.acrValues !== undefined && { acr_values: wish.acrValues }),
    ...(wish.maxAgeS !== undefined && { max_age: String(wish.maxAgeS) }),
    ...(wish.prompt !== undefined && { prompt: wish.prompt }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return { url: url.href, pending }
}

/**
 * Takes what the provider has sent the browser back with: exchanges the code, and verifies the ID token by its
 * signature, issuer, audience, times and nonce.
 *
 * @param answer the whole URL that the browser came back to.
 */
export async function finishSignIn(
  client: OpenIdClient,
  redirectUri: string,
  { state, nonce, verifier, acrValues, maxAgeS }: PendingSignIn,
  answer: URL,
  isLocalRun: boolean,
): Promise<SignInOutcome> {
  try {
    const provider = await providerOf(client, isLocalRun)
    const us = clientOf(client)
    const options = optionsOf(isLocalRun)
    const parameters = oauth.validateAuthResponse(provider, us, answer, state)
    const auth = authenticationOf(provider, client)
    const response = await oauth.authorizationCodeGrantRequest(provider, us, auth, parameters, redirectUri, verifier, options) // oxfmt-ignore
    const tokens = await oauth.processAuthorizationCodeResponse(provider, us, response, {
      expectedNonce: nonce,
      requireIdToken: true,
      ...(maxAgeS !== undefined && { maxAge: maxAgeS }),
    })
    await requireSignature(provider, tokens.id_token ?? '', isLocalRun)
    const claims = oauth.getValidatedIdTokenClaims(tokens)
    if (claims === undefined) return { tag: 'refused', fault: 'provider-answer' }
    if (!isOfContext(claims.acr, acrValues)) return { tag: 'refused', fault: 'provider-acr' }
    const more = await userInfo(provider, us, tokens.access_token, claims.sub, options)
    // What is signed stands over what is not.
    return { tag: 'signed-in', claims: { ...more, ...claims } }
  } catch (error) {
    return { tag: 'refused', fault: faultOf(error) }
  }
}

/**
 * Where the person may sign out of the provider, too (OpenID Connect RP-Initiated Logout 1.0 §2): nothing where the
 * provider has no such place. Without a hint, so that no token and no name is in a URL.
 */
export async function signOutUrl(
  client: OpenIdClient,
  returnUri: string,
  isLocalRun: boolean,
): Promise<string | undefined> {
  try {
    const { end_session_endpoint: endpoint = '' } = await providerOf(client, isLocalRun)
    if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint)) return undefined
    const url = new URL(endpoint)
    url.searchParams.set('client_id', client.clientId)
    url.searchParams.set('post_logout_redirect_uri', returnUri)
    return url.href
  } catch {
    return undefined
  }
}

/**
 * Requires the signature of the provider on an ID token, of which everything else has been checked.
 *
 * @throws what jose throws for a token that is not signed so, or keys that cannot be read.
 */
async function requireSignature(
  { jwks_uri: uri }: oauth.AuthorizationServer,
  idToken: string,
  isLocalRun: boolean,
): Promise<void> {
  if (uri === undefined) throw new ProviderUnreachable()
  await jwtVerify(idToken, providerKeys(uri, isLocalRun), {
    algorithms: PROVIDER_ALGORITHMS,
    clockTolerance: CLOCK_TOLERANCE_S,
  })
}

/** Where the provider publishes its keys. */
export async function jwksUriOf(client: OpenIdClient, isLocalRun: boolean): Promise<string> {
  const { jwks_uri: uri } = await providerOf(client, isLocalRun)
  if (uri === undefined) throw new ProviderUnreachable()
  return uri
}

/**
 * The id of a person in limits and events: the same at every sign-in, whatever name the provider gives them by then,
 * and of this tenant alone.
 */
export function personIdOf(tenantId: string, issuer: string, subject: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([tenantId, issuer, subject]))
    .digest('base64url')
  return `prs_${digest.slice(0, 22)}`
}

/** @throws {ProviderUnreachable} for what is no metadata of this issuer, too. */
async function providerOf({ issuer }: OpenIdClient, isLocalRun: boolean): Promise<oauth.AuthorizationServer> {
  const now = Date.now()
  const known = metadata.get(issuer, now)
  if (known !== undefined) return known
  if (unreachable.get(issuer, now) !== undefined) throw new ProviderUnreachable()
  try {
    const response = await oauth.discoveryRequest(new URL(issuer), optionsOf(isLocalRun))
    const found = await oauth.processDiscoveryResponse(new URL(issuer), response)
    metadata.set(issuer, found, now + METADATA_TTL_MS)
    return found
  } catch {
    unreachable.set(issuer, true, Date.now() + UNREACHABLE_TTL_MS)
    throw new ProviderUnreachable()
  }
}

/** Where browsers are sent: a web page, whatever the metadata says. */
function authorizationEndpoint({ authorization_endpoint: endpoint = '' }: oauth.AuthorizationServer): URL {
  if (!URL.canParse(endpoint) || !/^https?:/.test(endpoint)) throw new ProviderUnreachable()
  return new URL(endpoint)
}

/** With these, providers that know them say which groups or roles somebody has. */
function scopesOf({ scopes_supported: known = [] }: oauth.AuthorizationServer): string {
  return ['openid', 'profile', 'email', ...['groups', 'roles'].filter((scope) => known.includes(scope))].join(
    ' ',
  )
}

function clientOf({ clientId }: OpenIdClient): oauth.Client {
  return { client_id: clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_S }
}

/** By the header, which every provider must know (RFC 6749 §2.3.1), unless it says that it does not. */
function authenticationOf(
  { token_endpoint_auth_methods_supported: methods }: oauth.AuthorizationServer,
  { clientSecret }: OpenIdClient,
): oauth.ClientAuth {
  if (clientSecret === undefined) return oauth.None()
  const isPosted = methods !== undefined && !methods.includes('client_secret_basic')
  return isPosted ? oauth.ClientSecretPost(clientSecret) : oauth.ClientSecretBasic(clientSecret)
}

/** Plain HTTP is for this machine alone, which the fetch itself sees to. */
function optionsOf(isLocalRun: boolean) {
  return { [oauth.customFetch]: providerFetch(isLocalRun), [oauth.allowInsecureRequests]: isLocalRun }
}

/** A provider may answer with another context than was asked for (OpenID Connect Core §3.1.2.1). */
function isOfContext(acr: unknown, acrValues: string | undefined): boolean {
  return acrValues === undefined || (typeof acr === 'string' && acrValues.split(' ').includes(acr))
}

/** What the provider says only at its user info. One that has none, or does not answer, has said all. */
async function userInfo(
  provider: oauth.AuthorizationServer,
  us: oauth.Client,
  accessToken: string,
  subject: string,
  options: ReturnType<typeof optionsOf>,
): Promise<Record<string, unknown>> {
  if (provider.userinfo_endpoint === undefined) return {}
  try {
    const response = await oauth.userInfoRequest(provider, us, accessToken, options)
    const info: unknown = await oauth.processUserInfoResponse(provider, us, subject, response)
    return isRecord(info) ? info : {}
  } catch {
    return {}
  }
}

function faultOf(error: unknown): SignInFault {
  if (error instanceof ProviderUnreachable) return 'provider-unreachable'
  return error instanceof oauth.AuthorizationResponseError ? 'provider-denied' : 'provider-answer'
}
