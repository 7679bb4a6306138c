import { canonicalDomain, lowerCaseAscii } from '../domain-name.ts'

/** RFC 5321 §4.5.3.1: octets of a local part, and of a whole address. */
const LOCAL_PART_BYTES_MAX = 64
const ADDRESS_BYTES_MAX = 254

/** Characters that a local part cannot hold unquoted (RFC 5322 §3.2.3), and those that deceive the eye or end a header. */
const FORBIDDEN_IN_LOCAL_PART = /[\s\p{C}"(),:;<>@[\\\]]/u

/**
 * The form under which two spellings of one address are the same, or nothing where the input is not
 * one address.
 *
 * Only ASCII letters are folded. Anything wider lets a look-alike in: `toLowerCase()` maps the
 * Kelvin sign to `k`, and IDNA maps full-width letters to ASCII (CVE-2019-19844).
 */
export function canonicalEmailAddress(input: string): string | undefined {
  const address = input.trim()
  if (address.length > ADDRESS_BYTES_MAX) return undefined
  const at = address.lastIndexOf('@')
  const localPart = lowerCaseAscii(address.slice(0, Math.max(at, 0)))
  const domain = canonicalDomain(address.slice(at + 1))
  if (domain === undefined || !isLocalPart(localPart)) return undefined
  const canonical = `${localPart}@${domain}`
  return isWithin(canonical, ADDRESS_BYTES_MAX) ? canonical : undefined
}

/** Whether the text has at most that many bytes. A UTF-16 unit is at most three bytes, so that short texts need no count. */
function isWithin(text: string, bytesMax: number): boolean {
  return text.length * 3 <= bytesMax || Buffer.byteLength(text) <= bytesMax
}

function isLocalPart(text: string): boolean {
  return (
    text !== '' &&
    isWithin(text, LOCAL_PART_BYTES_MAX) &&
    !FORBIDDEN_IN_LOCAL_PART.test(text) &&
    !/^\.|\.\.|\.$/.test(text)
  )
}

/**
 * An address without what follows the first `+` of its local part. Mail to `jane+1@` and `jane+2@` mostly reaches
 * one mailbox, so that what protects a mailbox counts them as one. For limits alone, never for who somebody is.
 *
 * @param emailKey a canonical address.
 */
export function withoutSubAddress(emailKey: string): string {
  return emailKey.replace(/^([^+@]+)\+.*@/, '$1@')
}

/** The domain of a canonical address. */
export function domainOf(emailKey: string): string {
  return emailKey.slice(emailKey.lastIndexOf('@') + 1)
}
