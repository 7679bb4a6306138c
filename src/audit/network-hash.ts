import { hmac, type Keyring } from '../crypto/keyring.ts'
import { networkOf } from '../network-address.ts'

/** Symbols of a hash, 72 bits: no two networks of a tenant share a hash by chance, and what is stored stays short. */
export const HASH_SYMBOLS = 12

/**
 * The name under which events remember a client's network: whoever reads them sees that two requests came from one
 * network, and not from which. All of IPv4 is hashed in minutes, so that only the key keeps the addresses secret.
 *
 * @param keys the newest makes the hash: with a new key, networks have new names.
 * @param tenantId makes the hashes of one network differ between tenants.
 * @returns null where the address is unknown.
 */
export function networkHash(keys: Keyring, tenantId: string, address = ''): string | null {
  const network = networkOf(address)
  if (network === undefined) return null
  return hmac(keys[0], ['network', tenantId, network]).toString('base64url').slice(0, HASH_SYMBOLS)
}
