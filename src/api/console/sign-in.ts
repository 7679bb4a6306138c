import { ACCESS_HEADER, verifyAccessAssertion } from '../../auth/access-assertion.ts'
import { newSessionToken } from '../../auth/console-session.ts'
import { SESSION_COOKIE } from '../../auth/session-cookie.ts'
import {
  finishSignIn,
  personIdOf,
  startSignIn,
  type OpenIdClaims,
  type SignInFault,
} from '../../auth/open-id.ts'
import { config } from '../../config.ts'
import { ProviderUnreachable } from '../../hooks/provider-fetch.ts'
import { grantingValue, identityProvider } from '../../tenants/console-policy.ts'
import { AGE_MAX_MS, insertSession } from '../../tenants/console-session-store.ts'
import { recordSignIn } from '../../audit/person-store.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { dropCookie, readCookie, setCookie } from './cookies.ts'
import { browserOf } from './browser.ts'
import type { SignInContext } from './console-env.ts'
import { notice } from './notice.ts'
import { openPending, sealPending } from './pending.ts'
import { returnPath } from './return-path.ts'

/** What a browser keeps while its person is at the provider. By its prefix, no other host can set it (RFC 6265bis §4.1.3.2). */
const PENDING_COOKIE = '__Host-rescind-sign-in'
const PENDING_MAX_S = 600
const NAME_LENGTH_MAX = 200

/** `GET /console/login`: sends the browser to the provider; or, behind Cloudflare Access, takes its word. */
export async function login(c: SignInContext): Promise<Response> {
  const { origin } = new URL(c.req.url)
  const returnTo = returnPath(c.req.query('return'), origin)
  const provider = identityProvider(c.get('console'))
  const { isLocalRun } = config(c.env)
  if (provider.tag === 'access') {
    const token = c.req.header(ACCESS_HEADER) ?? ''
    const claims = await verifyAccessAssertion(provider, token, c.get('now'), isLocalRun)
    return claims === undefined ? refuse(c, 'no-access', returnTo) : signIn(c, claims, returnTo)
  }
  try {
    const { acrValues } = provider
    const { url, pending } = await startSignIn(provider, redirectUriOf(c), { acrValues }, isLocalRun)
    const sealed = await sealPending(c, { pending, returnTo, provider })
    // Lax, since the browser comes back from another site; by a GET, which Lax allows.
    setCookie(c, PENDING_COOKIE, sealed, { sameSite: 'Lax', maxAgeS: PENDING_MAX_S })
    return c.redirect(url, 303)
  } catch (error) {
    if (!(error instanceof ProviderUnreachable)) throw error
    return refuse(c, 'provider-unreachable', returnTo)
  }
}

/** `GET /console/callback`: where the provider sends the browser back to. What it brings is good once, in this browser. */
export async function callback(c: SignInContext): Promise<Response> {
  const sealed = readCookie(c, PENDING_COOKIE)
  dropCookie(c, PENDING_COOKIE)
  const provider = identityProvider(c.get('console'))
  const opened = await openPending(c, sealed, PENDING_MAX_S)
  const isOfProvider =
    provider.tag === 'open-id' && opened?.issuer === provider.issuer && opened.clientId === provider.clientId
  if (!isOfProvider) return refuse(c, 'no-sign-in', '/console')
  const { returnTo, pending } = opened
  const { isLocalRun } = config(c.env)
  const outcome = await finishSignIn(provider, redirectUriOf(c), pending, new URL(c.req.url), isLocalRun)
  return outcome.tag === 'refused' ? refuse(c, outcome.fault, returnTo) : signIn(c, outcome.claims, returnTo)
}

/** A session of its own for every sign-in, so that no token that was there before is worth anything after it. */
async function signIn(c: SignInContext, claims: OpenIdClaims, returnTo: string): Promise<Response> {
  const policy = c.get('console')
  const tenant = c.get('tenant')
  const now = c.get('now')
  const { issuer } = identityProvider(policy)
  const personId = personIdOf(tenant.id, issuer, claims.sub)
  const log = c.get('log')
  log.accessId = personId
  const roleValue = grantingValue(policy, claims)
  if (roleValue === undefined) return refuse(c, 'no-role', returnTo)
  const email = shown(claims['email'])
  const name = shown(claims['name']) ?? shown(claims['preferred_username']) ?? email ?? personId
  const { token, id, digest } = newSessionToken(config(c.env).accessIdKeys)
  const { auth_time: authTime, sid } = claims
  await recordSignIn(tenantScopeOf(c), {
    person: { id: personId, name, email: email ?? null },
    sourceIp: c.req.header('CF-Connecting-IP') ?? 'unknown',
    requestId: log.requestId,
  })
  await insertSession(c.env.DB, tenant.id, {
    id,
    digest,
    personId,
    name,
    email: email ?? null,
    issuer,
    roleValue,
    providerSession: typeof sid === 'string' && sid !== '' ? sid : null,
    authenticatedAt: typeof authTime === 'number' ? authTime * 1000 : null,
    browser: browserOf(c.req.header('User-Agent')),
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + AGE_MAX_MS,
  })
  // Strict: no other site's link or form brings it along. The pages themselves need no session.
  setCookie(c, SESSION_COOKIE, token, { sameSite: 'Strict' })
  return c.redirect(returnTo, 303)
}

/** One line of text, as it is shown and kept. */
function shown(claim: unknown): string | undefined {
  if (typeof claim !== 'string') return undefined
  const text = claim
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .trim()
    .slice(0, NAME_LENGTH_MAX)
  return text === '' ? undefined : text
}

function redirectUriOf(c: SignInContext): string {
  return new URL('/console/callback', c.req.url).href
}

/** Why somebody is not signed in, as the log names it. */
export type SignInRefusal = SignInFault | 'no-access' | 'no-sign-in' | 'no-role'

const REASONS: Record<SignInRefusal, { status: 400 | 403 | 503; text: string }> = {
  'provider-unreachable': {
    status: 503,
    text: 'The identity provider of your organization cannot be reached, or its answer is not valid.',
  },
  'provider-denied': {
    status: 403,
    text: 'The identity provider of your organization has not signed you in.',
  },
  'provider-answer': { status: 403, text: 'The answer of the identity provider is not valid.' },
  'provider-acr': { status: 403, text: 'You have not signed in as strongly as your organization asks for.' },
  'no-access': {
    status: 403,
    text: 'This console is behind Cloudflare Access, which has not let you through.',
  },
  'no-sign-in': {
    status: 400,
    text: 'This browser has no such sign-in under way. It was too long ago, or was begun in another tab.',
  },
  'no-role': {
    status: 403,
    text: 'You are known, but have no role in this console. Ask whoever manages it in your organization.',
  },
}

/** Says in a page why nobody is signed in. The true reason is in the log. */
function refuse(c: SignInContext, fault: SignInRefusal, returnTo: string): Promise<Response> {
  const { status, text } = REASONS[fault]
  const log = c.get('log')
  log.step = status === 403 ? 'forbidden' : 'rejected'
  log.outcome = fault
  if (status === 503) c.header('Retry-After', '10')
  const href = `/console/login?${String(new URLSearchParams({ return: returnTo }))}`
  return notice(c, status, { heading: 'You are not signed in', text, link: { href, words: 'Sign in again' } })
}
