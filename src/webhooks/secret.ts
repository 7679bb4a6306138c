import type { Keyring } from '../crypto/keyring.ts'
import { seal, unseal } from '../crypto/seal.ts'

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32
/** What the key is derived for that secrets are sealed with. */
const PURPOSE = 'webhook-secret'

/** How long the secret before a new one signs too. */
export const OVERLAP_MS = 24 * 3_600_000

export function newSecret(): string {
  return `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString('base64')}`
}

/** The secret as it is stored: for this webhook alone, so that no row can be given the secret of another. */
export function sealSecret(keys: Keyring, tenantId: string, webhookId: string, secret: string) {
  return seal(keys, PURPOSE, [tenantId, webhookId, secret])
}

/** The secret, or nothing when it is another webhook's or its key has been retired. */
export async function openSecret(
  keys: Keyring,
  tenantId: string,
  webhookId: string,
  sealed: string | null,
): Promise<string | undefined> {
  const opened = (await unseal(keys, PURPOSE, sealed)) as [string, string, string] | undefined
  return opened?.[0] === tenantId && opened[1] === webhookId ? opened[2] : undefined
}
