import type { Keyring } from '../crypto/keyring.ts'
import { isTaggedUuid, newTaggedUuid } from '../crypto/tagged-uuid.ts'

const CONTEXT = ['access-id']

/**
 * The access id of a new API key. It is tagged, so that a token with an invented `sub` is refused by
 * arithmetic, without a database read for each.
 */
export function newAccessId(keys: Keyring): string {
  return newTaggedUuid(keys, CONTEXT)
}

/** Whether this service minted the access id. Says nothing of whether its key is still live. */
export function isOurAccessId(keys: Keyring, accessId: string): boolean {
  return isTaggedUuid(keys, CONTEXT, accessId)
}
