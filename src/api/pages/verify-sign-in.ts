import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import * as v from 'valibot'
import { finishSignIn, startSignIn, type OpenIdClient, type PendingSignIn } from '../../auth/open-id.ts'
import { proveBySignIn } from '../../codes/proof-store.ts'
import { digitsDigests, isSignedInAs, newDigits } from '../../codes/verification.ts'
import { config } from '../../config.ts'
import { seal, unseal } from '../../crypto/seal.ts'
import { ProviderUnreachable } from '../../hooks/provider-fetch.ts'
import { tenantScopeOf } from '../../http/context.ts'
import { identityProvider } from '../../tenants/console-policy.ts'
import type { SignInPolicy } from '../../tenants/verification-policy.ts'
import { showPage, type PageContext } from './page.ts'
import { openLink, showDigits, showProof, type Opened } from './verify.ts'
import { providerLink } from './verify-views.ts'

/** A caller who shows who they are by signing in anew with the tenant's OpenID provider. */

/**
 * What a browser keeps while its person is at the provider: whoever else is sent there by the same link, and signs in for
 * a stranger, shows the stranger nothing. By its prefix, no other host can set it (RFC 6265bis §4.1.3.2).
 */
const COOKIE = '__Host-rescind-verify'
const COOKIE_OPTIONS = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const
const PENDING_MAX_S = 300
const PURPOSE = 'verification-sign-in'

const pendingSchema = v.object({
  tenantId: v.string(),
  link: v.string(),
  issuer: v.string(),
  clientId: v.string(),
  expiresAt: v.number(),
  pending: v.object({
    state: v.string(),
    nonce: v.string(),
    verifier: v.string(),
    acrValues: v.optional(v.string()),
    maxAgeS: v.literal(0),
  }),
})

/** `POST /v/{link}/sign-in`: takes the browser to the provider. */
export async function signIn(c: PageContext): Promise<Response> {
  const opened = await openLink(c, c.req.param('link') ?? '')
  if (opened instanceof Response) return opened
  const terms = termsOf(c)
  if (terms === undefined) return refuse(c, opened, 'no-sign-in')
  const { provider, policy } = terms
  const acrValues = policy.acrValues ?? provider.acrValues
  const { isLocalRun } = config(c.env)
  try {
    // Anew, also where the browser is signed in: it may be another's.
    const wish = { acrValues, maxAgeS: 0, prompt: 'login' } as const
    const { url, pending } = await startSignIn(provider, redirectUriOf(c), wish, isLocalRun)
    setCookie(c, COOKIE, await sealPending(c, opened, provider, pending), {
      ...COOKIE_OPTIONS,
      maxAge: PENDING_MAX_S,
    })
    // Not by a redirect: the page's policy holds where its form leads to that, too.
    c.header('Refresh', `0; url=${url}`)
    const page = c.get('page')
    const { heading } = page.texts.pages.verify
    return showPage(c, { heading, body: providerLink(page, c.get('tenant'), url) })
  } catch (error) {
    if (!(error instanceof ProviderUnreachable)) throw error
    return refuse(c, opened, 'provider-unreachable')
  }
}

/** `GET /v/sign-in/done`: where the provider sends the browser back to. What it brings is good once, in this browser. */
export async function signedIn(c: PageContext): Promise<Response> {
  const kept = await openPending(c, getCookie(c, COOKIE))
  deleteCookie(c, COOKIE, COOKIE_OPTIONS)
  const opened = await openLink(c, kept?.link ?? '')
  if (opened instanceof Response || kept === undefined) return opened as Response
  const terms = termsOf(c)
  const isSame = terms?.provider.issuer === kept.issuer && terms.provider.clientId === kept.clientId
  if (terms === undefined || !isSame) return refuse(c, opened, 'no-sign-in')
  const { provider, policy } = terms
  const outcome = await finishSignIn(
    provider,
    redirectUriOf(c),
    kept.pending,
    new URL(c.req.url),
    config(c.env).isLocalRun,
  )
  if (outcome.tag === 'refused') return refuse(c, opened, outcome.fault)
  return judge(c, opened, isSignedInAs(opened.verification, policy, outcome.claims))
}

/** Shows the digits to the user. Whoever else has signed in is told as little as one whose sign-in has failed. */
async function judge(c: PageContext, opened: Opened, isUser: boolean): Promise<Response> {
  const { verification, link } = opened
  const { id: tenantId } = c.get('tenant')
  const digits = newDigits()
  const proved = await proveBySignIn(tenantScopeOf(c), verification.id, {
    isUser,
    digits: digitsDigests(config(c.env).peppers, { tenantId, ...verification }, digits)[0],
    network: c.get('client').network,
  })
  if (proved) return showDigits(c, verification, digits)
  c.get('log').outcome = 'not-the-user'
  const again = await openLink(c, link, false)
  return again instanceof Response ? again : refuse(c, again)
}

/** The true reason is in the log alone. */
function refuse(c: PageContext, opened: Opened, reason?: string): Promise<Response> {
  if (reason !== undefined) c.get('log').outcome = reason
  return showProof(c, opened, { message: c.get('page').texts.pages.verify.refused })
}

/** The provider and what it has to say, where the tenant verifies its callers so. */
function termsOf(c: PageContext) {
  const { console: consolePolicy, desk } = c.get('tenant').policy
  const policy = desk?.verification
  if (consolePolicy === undefined || policy?.by !== 'sign-in') return undefined
  const provider = identityProvider(consolePolicy)
  return provider.tag === 'open-id' ? { provider, policy: policy satisfies SignInPolicy } : undefined
}

function sealPending(
  c: PageContext,
  { link, verification }: Opened,
  { issuer, clientId }: OpenIdClient,
  pending: PendingSignIn,
): Promise<string> {
  const { id: tenantId } = c.get('tenant')
  const kept = { tenantId, link, issuer, clientId, expiresAt: verification.expiresAt, pending }
  return seal(config(c.env).transientKeys, PURPOSE, kept)
}

/** Nothing for what was not sealed here, is another tenant's, or is over. */
async function openPending(c: PageContext, sealed: string | undefined) {
  const opened = v.safeParse(pendingSchema, await unseal(config(c.env).transientKeys, PURPOSE, sealed))
  if (!opened.success) return undefined
  const { tenantId, expiresAt } = opened.output
  return tenantId === c.get('tenant').id && expiresAt > c.get('now') ? opened.output : undefined
}

function redirectUriOf(c: PageContext): string {
  return new URL('/v/sign-in/done', c.req.url).href
}
