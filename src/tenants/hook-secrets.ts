import { isRecord, ownMember } from '../record.ts'
import type { Policy } from './policy.ts'

/** The policy as it may be shown: without the secrets of its hooks and of its Turnstile widget. */
export function withoutSecrets(policy: Policy) {
  const { mail, redeem, pages, ...rest } = policy
  const turnstile = pages !== 'off' && pages.turnstile && { turnstile: { siteKey: pages.turnstile.siteKey } }
  return {
    ...rest,
    pages: pages === 'off' ? pages : { ...pages, ...turnstile },
    mail: { ...mail, ...(mail.hook && { hook: { url: mail.hook.url } }) },
    ...(redeem && { redeem: redeem.kind === 'hook' ? { kind: redeem.kind, url: redeem.url } : redeem }),
  }
}

/**
 * A policy as it was shown, given back the secrets that are stored: so that it can be fetched, changed and put.
 * Only a hook whose URL is the stored one gets its secret back. Under another URL is another receiver, who
 * could pass on to the first what we sign with their secret.
 */
export function withStoredSecrets(policy: unknown, stored: Policy | undefined): unknown {
  if (!isRecord(policy) || stored === undefined) return policy
  const { mail, redeem, pages } = policy
  const widget = stored.pages === 'off' ? undefined : stored.pages.turnstile
  const passwordHook = stored.redeem?.kind === 'hook' ? stored.redeem : undefined
  return {
    ...policy,
    ...(isRecord(mail) && { mail: { ...mail, ...filled('hook', mail.hook, stored.mail.hook) } }),
    ...(isRecord(pages) && {
      pages: { ...pages, ...filled('turnstile', pages['turnstile'], widget, 'siteKey') },
    }),
    ...(isRecord(redeem) && redeem.kind === 'hook' && filled('redeem', redeem, passwordHook)),
  }
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
