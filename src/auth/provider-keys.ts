import { createRemoteJWKSet, customFetch } from 'jose'
import { ExpiringMap } from '../expiring-map.ts'
import { providerFetch } from '../hooks/provider-fetch.ts'

/** The public keys of identity providers, as they publish them. */

/** How long keys are kept, and how often at most they are read again for a key that is not among them. */
const KEYS_TTL_MS = 5 * 60_000
const READ_AGAIN_MS = 60_000
const PROVIDERS_MAX = 100

const keySets = new ExpiringMap<ReturnType<typeof createRemoteJWKSet>>(PROVIDERS_MAX)

/** Signatures of a provider: never one made with a secret that both know, never none. */
export const PROVIDER_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] // oxfmt-ignore

/** The keys behind a URL: read when they are first needed, within the bounds of {@link providerFetch}. */
export function providerKeys(uri: string, isLocalRun: boolean): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(uri, Date.now())
  if (known !== undefined) return known
  const keySet = createRemoteJWKSet(new URL(uri), {
    [customFetch]: providerFetch(isLocalRun),
    cacheMaxAge: KEYS_TTL_MS,
    cooldownDuration: READ_AGAIN_MS,
  })
  keySets.set(uri, keySet, Infinity)
  return keySet
}
