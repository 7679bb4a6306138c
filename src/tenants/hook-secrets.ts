import { isRecord, ownMember } from '../record.ts'
import type { ConsolePolicy } from './console-policy.ts'
import type { Policy } from './policy.ts'

/** The policy as it may be shown: without the secrets of its hooks, its Turnstile widget and its OpenID client. */
export function withoutSecrets(policy: Policy) {
  const { mail, redeem, pages, console, ...rest } = policy
  const turnstile = pages !== 'off' && pages.turnstile && { turnstile: { siteKey: pages.turnstile.siteKey } }
  return {
    ...rest,
    pages: pages === 'off' ? pages : { ...pages, ...turnstile },
    mail: { ...mail, ...(mail.hook && { hook: { url: mail.hook.url } }) },
    ...(redeem && { redeem: redeem.kind === 'hook' ? { kind: redeem.kind, url: redeem.url } : redeem }),
    ...(console && { console: withoutClientSecret(console) }),
  }
}

function withoutClientSecret(console: ConsolePolicy) {
  const { clientSecret: _, ...shown } = console
  return shown
}

/**
 * A policy as it was shown, given back the secrets that are stored: so that it can be fetched, changed and put.
 * Only a hook whose URL is the stored one gets its secret back. Under another URL is another receiver, who
 * could pass on to the first what we sign with their secret.
 */
export function withStoredSecrets(policy: unknown, stored: Policy | undefined): unknown {
  if (!isRecord(policy) || stored === undefined) return policy
  const { mail, redeem, pages, console } = policy
  const widget = stored.pages === 'off' ? undefined : stored.pages.turnstile
  const passwordHook = stored.redeem?.kind === 'hook' ? stored.redeem : undefined
  return {
    ...policy,
    ...(isRecord(mail) && { mail: { ...mail, ...filled('hook', mail.hook, stored.mail.hook) } }),
    ...(isRecord(pages) && {
      pages: { ...pages, ...filled('turnstile', pages['turnstile'], widget, 'siteKey') },
    }),
    ...(isRecord(redeem) && redeem.kind === 'hook' && filled('redeem', redeem, passwordHook)),
    ...(isRecord(console) && { console: withClientSecret(console, stored.console) }),
  }
}

/** Only the stored client of the stored issuer: any other issuer would be sent the secret of this one. */
function withClientSecret(console: Record<string, unknown>, stored: ConsolePolicy | undefined): object {
  const isStored =
    stored?.clientSecret !== undefined &&
    ownMember(console, 'issuer') === stored.issuer &&
    ownMember(console, 'clientId') === stored.clientId
  if (!isStored || ownMember(console, 'clientSecret') !== undefined) return console
  return { ...console, clientSecret: stored.clientSecret }
}

type Secretive = { secret: string; url?: string; siteKey?: string }

/** What has a secret, under its name, with it where it is the stored one; nothing to change otherwise. */
function filled(
  name: string,
  hook: unknown,
  stored: Secretive | undefined,
  known: 'url' | 'siteKey' = 'url',
): Record<string, unknown> {
  const isStored = isRecord(hook) && stored !== undefined && ownMember(hook, known) === stored[known]
  if (!isStored || ownMember(hook, 'secret') !== undefined) return {}
  return { [name]: { ...hook, secret: stored.secret } }
}
