import type { CodeMode } from '../codes/code.ts'
import type { Reservation } from '../codes/reservation-store.ts'
import type { Channel } from '../database/schema.ts'
import type { Keyring } from '../crypto/keyring.ts'
import { seal, unseal } from '../crypto/seal.ts'

/** What a user is told about their codes, apart from the codes themselves. */
export type Notice = 'redeemed' | 'voided' | 'locked' | 'issued'

/** What the queue carries. */
export type DeliveryMessage = { tenantId: string } & (
  | {
      /** A code that a user asked for: issued and mailed when the message is handled. */
      kind: 'asked-code'
      emailKey: string
      codeId: string
      code: string
      requestedAt: number
      /** The hash of the network that asked, see audit/network-hash.ts. Earlier versions of the service left it out. */
      network?: string | null
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
      /** Which code of the user it is about. Earlier versions of the service left it out. */
      mode?: CodeMode
      /** Which way the code of `issued` left, if not to the user's own address. */
      channel?: Channel
      /** The code of `issued`, which the user can report. Earlier versions of the service left it out. */
      codeId?: string
      noticeId: string
      requestedAt: number
    }
  | {
      /** A rule of the desk was passed: mailed when the event is there by which it was. */
      kind: 'alert'
      eventId: string
      to: string
      requestedAt: number
    }
  | {
      /** A code by which a caller shows the help desk who they are: sent while their verification waits for it. */
      kind: 'proof'
      userId: string
      verificationId: string
      /** The same for every attempt to send it. */
      proofId: string
      proof: string
      /** As it is stored: one that was replaced since is not sent. */
      proofDigest: string
      requestedAt: number
    }
  /** A password was set by the hook, and the database could not record it at once. */
  | ({ kind: 'settlement' } & Reservation)
)

/** A message with a code to be mailed. */
export type CodeMessage = Extract<DeliveryMessage, { code: string }>

/** A message that tells a user something. */
export type NoticeMessage = Extract<DeliveryMessage, { kind: 'notice' }>

/** A message that tells a tenant that a rule of its desk was passed. */
export type AlertMessage = Extract<DeliveryMessage, { kind: 'alert' }>

/** A message with a code for a caller. */
export type ProofMessage = Extract<DeliveryMessage, { kind: 'proof' }>

/** A message that records late what a password hook did. */
export type SettlementMessage = Extract<DeliveryMessage, { kind: 'settlement' }>

/** What a message's key is derived for. */
const PURPOSE = 'delivery'

/** Encrypts a message, since it holds an address and mostly a code. */
export function sealMessage(keys: Keyring, message: DeliveryMessage): Promise<string> {
  return seal(keys, PURPOSE, message)
}

/** The message, or nothing when it is not one of ours or its key has been retired. */
export async function openMessage(keys: Keyring, sealed: unknown): Promise<DeliveryMessage | undefined> {
  // Only this service has the key, so that whatever opens is a message that it sealed.
  return (await unseal(keys, PURPOSE, sealed)) as DeliveryMessage | undefined
}
