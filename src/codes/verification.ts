import { hmac, type Keyring, type NamedKey } from '../crypto/keyring.ts'
import type { SignInPolicy, VerificationMethod } from '../tenants/verification-policy.ts'
import { lowerCaseAscii } from '../domain-name.ts'
import { drawCode, normaliseCode } from './code.ts'
import { canonicalEmailAddress, withoutSubAddress } from './email-address.ts'

/**
 * The verification of a caller: a person of the help desk starts it, the caller opens its link and shows there who they
 * are, is shown digits, and reads them out. Three secrets, of which the database has keyed digests alone: the link, the
 * code that the caller is sent, and the digits.
 */

/** For how long a caller has time, from the start of a verification. */
export const VERIFICATION_MS = 300_000
/** Wrong digits, and wrong codes behind the link, at which a verification has failed. */
export const TRIES_MAX = 5

/** 40 bits, said on the telephone. Whoever guesses it still has to show who they are. */
export const LINK = { alphabet: 'base32', length: 8 } as const
/** 27 bits. Longer than the digits, so that nobody takes the one for the other. */
export const PROOF = { alphabet: 'digits', length: 8 } as const
/** 20 bits. */
const DIGITS = { alphabet: 'digits', length: 6 } as const

/** The symbols of a link, whatever was typed; nothing where they cannot be one. */
export function readLinkCode(text: string): string | undefined {
  const link = normaliseCode(text, LINK.alphabet)
  return /^[\dA-HJKMNP-TV-Z]{8}$/.test(link) ? link : undefined
}

/** As it is shown and said. */
export function inGroups(code: string): string {
  return `${code.slice(0, code.length / 2)}-${code.slice(code.length / 2)}`
}

/**
 * The link of a verification. It is made from the id, so that whoever started it can be shown it again; nobody can make
 * it without a pepper.
 */
export function linkOf(pepper: NamedKey, tenantId: string, id: string): string {
  return drawCode(LINK, () => hmac(pepper, ['verification-link', tenantId, id]))
}

/** The digest that is stored of a link, under every pepper, newest first. */
export function linkDigests(peppers: Keyring, tenantId: string, link: string): [string, ...string[]] {
  return digests(peppers, ['verification', tenantId, link])
}

export function newProof(): string {
  return drawCode(PROOF)
}

/** Of a code that was sent to whoever has opened a link. */
export function proofDigests(peppers: Keyring, tenantId: string, link: string, proof: string) {
  return digests(peppers, ['verification-proof', tenantId, link, proof])
}

export function newDigits(): string {
  return drawCode(DIGITS)
}

/** The digits that were read out; nothing where they cannot be any. */
export function readDigits(text: string): string | undefined {
  const digits = normaliseCode(text, DIGITS.alphabet)
  return /^\d{6}$/.test(digits) ? digits : undefined
}

/** Characters that turn the direction of what stands around them, or end a line. */
const UNSHOWN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu
const NAME_LENGTH_MAX = 100

/** A name as a page can show it to somebody who must not be deceived by it. */
export function shownName(name: string): string {
  return name.replace(UNSHOWN, '').trim().slice(0, NAME_LENGTH_MAX)
}

/** Whose digits: of this user, for this verifier, and good with no other (S2). */
export type DigitsBinding = { tenantId: string; userId: string; verifierId: string }

export function digitsDigests(
  peppers: Keyring,
  { tenantId, userId, verifierId }: DigitsBinding,
  digits: string,
) {
  return digests(peppers, ['verification-digits', tenantId, userId, verifierId, digits])
}

function digests([newest, ...older]: Keyring, parts: readonly string[]): [string, ...string[]] {
  const under = (pepper: NamedKey) => hmac(pepper, parts).toString('base64url')
  return [under(newest), ...older.map(under)]
}

/** What of a user says where a code can be sent that is not where the codes of that user go. */
export type Reachable = { emailKey: string; attributes: string }

/**
 * Where a user can be sent a code to show who they are. Never the address that the account is recovered by, nor a
 * sub-address of it: whoever reads that mailbox could say to be the user.
 */
export function secondDestination(
  { emailKey, attributes }: Reachable,
  method: VerificationMethod,
): string | undefined {
  const { homeEmail = '', mobileNumber = '' } = JSON.parse(attributes) as Record<string, string | undefined>
  if (method === 'phone') return mobileNumber.trim() || undefined
  const second = method === 'mail' ? canonicalEmailAddress(homeEmail) : undefined
  const isOther = second !== undefined && withoutSubAddress(second) !== withoutSubAddress(emailKey)
  return isOther ? homeEmail.trim() : undefined
}

/** What of a user can be the same as what an OpenID provider says. */
export type Named = { emailKey: string; userNameKey: string; attributes: string }

/**
 * Whether somebody who has signed in is the user. An address that the provider has not verified says nothing: at some
 * providers, users write it themselves.
 */
export function isSignedInAs(
  { emailKey, userNameKey, attributes }: Named,
  { claim, is }: Pick<SignInPolicy, 'claim' | 'is'>,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  const said = Object.hasOwn(claims, claim) ? claims[claim] : undefined
  if (typeof said !== 'string' || said === '') return false
  if (claim === 'email' && claims['email_verified'] !== true) return false
  switch (is) {
    case 'email':
      return canonicalEmailAddress(said) === emailKey
    case 'userName':
      return lowerCaseAscii(said) === userNameKey
    case 'externalId':
      return said === (JSON.parse(attributes) as { externalId?: unknown }).externalId
  }
}
