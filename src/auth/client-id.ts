import type { Keyring } from '../crypto/keyring.ts'
import { isTaggedUuid, newTaggedUuid } from '../crypto/tagged-uuid.ts'

const CONTEXT = ['client-id']

/** The id of a new OAuth client, tagged as an access id is: an invented one costs no read of the database. */
export function newClientId(keys: Keyring): string {
  return newTaggedUuid(keys, CONTEXT)
}

/** Whether this service minted the id. Says nothing of whether the client is still there. */
export function isOurClientId(keys: Keyring, clientId: string): boolean {
  return isTaggedUuid(keys, CONTEXT, clientId)
}
