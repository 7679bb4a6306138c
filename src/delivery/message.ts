import type { CodeMode } from '../codes/code.ts'
import { hmac, type Keyring, type NamedKey } from '../keyring.ts'

/** What a user is told about their codes, apart from the codes themselves. */
export type Notice = 'redeemed' | 'voided' | 'locked'

/** What the queue carries. */
export type DeliveryMessage = { tenantId: string } & (
  | {
      /** A code that a user asked for: issued and mailed when the message is handled. */
      kind: 'asked-code'
      emailKey: string
      codeId: string
      code: string
      requestedAt: number
    }
  | {
      /** A code that an administrator issued: mailed while it is live. */
      kind: 'issued-code'
      emailKey: string
      mode: CodeMode
      codeId: string
      code: string
      /** Another address than the user's own, where the administrator chose one. */
      to: string | null
      requestedAt: number
    }
  | {
      kind: 'notice'
      userId: string
      notice: Notice
      /** Which code of the user it is about. Absent in a message of a version that did not say. */
      mode?: CodeMode
      noticeId: string
      requestedAt: number
    }
  /** What a password hook has done, and the database could not be told at once. */
  | { kind: 'settlement'; userId: string; codeId: string; reservationId: string; requestedAt: number }
)

/** A message with a code to be mailed. */
export type CodeMessage = Extract<DeliveryMessage, { code: string }>

/**
 * Encrypts a message, since it holds an address and mostly a code: `key id.IV.ciphertext`, AES-256-GCM
 * with a random 96-bit IV (NIST SP 800-38D §8.2.2).
 */
export async function sealMessage(keys: Keyring, message: DeliveryMessage): Promise<string> {
  const [key] = keys
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const plaintext = new TextEncoder().encode(JSON.stringify(message))
  const ciphertext = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, await contentKey(key), plaintext)
  return [key.id, encode(iv), encode(new Uint8Array(ciphertext))].join('.')
}

/** The message, or nothing when it is not one of ours or its key has been retired. */
export async function openMessage(keys: Keyring, sealed: unknown): Promise<DeliveryMessage | undefined> {
  const match = typeof sealed === 'string' ? /^(.+)\.([\w-]+)\.([\w-]+)$/.exec(sealed) : null
  const [, keyId, iv = '', ciphertext = ''] = match ?? []
  const key = keys.find(({ id }) => id === keyId)
  if (key === undefined) return undefined
  try {
    const algorithm = { name: 'AES-GCM', iv: decode(iv) }
    const plaintext = await crypto.subtle.decrypt(algorithm, await contentKey(key), decode(ciphertext))
    return JSON.parse(new TextDecoder().decode(plaintext)) as DeliveryMessage
  } catch {
    return undefined
  }
}

/** Imported once per isolate. */
const contentKeys = new WeakMap<NamedKey, CryptoKey>()

async function contentKey(key: NamedKey): Promise<CryptoKey> {
  const known = contentKeys.get(key)
  if (known !== undefined) return known
  const bytes = new Uint8Array(hmac(key, ['delivery']))
  const imported = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])
  contentKeys.set(key, imported)
  return imported
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}

function decode(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}
