import { createHash } from 'node:crypto'
import { hmac, type NamedKey } from '../crypto/keyring.ts'

/** For how long a call may be repeated. */
export const REPEATABLE_MS = 24 * 3_600_000

/** The call was made before with the same key, and for the same. */
export class RepeatedCall extends Error {
  override readonly name = 'RepeatedCall'
}

/** The key was used before, for something else. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused'
}

/** For how long a call that has begun is taken to be running still. */
export const RUNNING_MS = 60_000

/** The call is being made, by an earlier request. */
export class StillRunning extends Error {
  override readonly name = 'StillRunning'
  readonly until: number

  /** @param until epoch ms after which it is no longer taken to be. */
  constructor(until: number) {
    super()
    this.until = until
  }
}

/** What is known of a call before it is made. */
export type About = {
  /** How many entries it has. */
  size: number
  /** What its answer depends on beside the request, to be stored in clear. */
  terms?: unknown
  /** Whether it puts mails on their way. */
  isMailing?: boolean
}

/**
 * A call that may be repeated (draft-ietf-httpapi-idempotency-key-header). Its codes are derived from three things: the
 * caller's key, which is not stored; a pepper, which is a secret; and a random nonce, which is stored. So a repetition
 * gets the same codes, and neither the database nor the secrets nor both tell them without the key.
 */
export class IdempotentCall {
  readonly keyDigest: string
  readonly requestDigest: string
  readonly nonce: string = crypto.randomUUID()
  readonly about: About
  readonly #secret: readonly string[]

  /**
   * @param caller who calls: a key of another caller is another key.
   * @param request all that the call asks for.
   */
  constructor(caller: readonly string[], key: string, request: unknown, about: About) {
    this.about = about
    this.requestDigest = digestOf([JSON.stringify(request)])
    this.keyDigest = digestOf([...caller, key])
    this.#secret = [...caller, key, this.requestDigest]
  }

  /** The bytes that the code of an entry is drawn from, 32 after 32. */
  bytesOf(pepper: NamedKey, nonce: string, entry: number): () => Uint8Array {
    let block = 0
    return () => {
      block += 1
      return hmac(pepper, ['idempotent-code', nonce, ...this.#secret, String(entry), String(block)])
    }
  }
}

function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
}
