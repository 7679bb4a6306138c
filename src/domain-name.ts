import { domainToASCII, domainToUnicode } from 'node:url'

/** One ASCII host name: letters, digits and hyphens in labels of 63 at most (RFC 1123 §2.1). */
const HOST_NAME = /^(?!.{254})(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)*(?!-)[a-z0-9-]{1,63}(?<!-)$/

/**
 * The form under which two spellings of one host name are the same, or nothing where the input is none. A name
 * outside ASCII is taken only in the form that IDNA itself would print, so that no look-alike is folded into it.
 */
export function canonicalDomain(input: string): string | undefined {
  const domain = lowerCaseAscii(input)
  if (HOST_NAME.test(domain)) return domain
  const ascii = domainToASCII(domain)
  return HOST_NAME.test(ascii) && domainToUnicode(ascii) === domain ? ascii : undefined
}

/** Lower case for `A` to `Z` alone. */
export function lowerCaseAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
