import type { Keyring } from '../crypto/keyring.ts'
import { seal, unseal } from '../crypto/seal.ts'

/** A code that waits for a second person, and what the first one asked for. */
export type Waiting = { code: string; request: unknown }

const APPROVAL = 'approval'

/** Encrypts it, so that neither the database nor the second person has the code. */
export function sealApproval(keys: Keyring, waiting: Waiting): Promise<string> {
  return seal(keys, APPROVAL, waiting)
}

/** Nothing where its key has been retired since. */
export async function openApproval(keys: Keyring, sealed: string): Promise<Waiting | undefined> {
  return (await unseal(keys, APPROVAL, sealed)) as Waiting | undefined
}
