/** Consonants, so that no word comes of it. */
const LETTERS = 'BCDFGHJKMNPQRSTVWXZ'
const LENGTH = 4

/**
 * What a mail and the page that it belongs to both show, so that somebody with three mails knows whose code is
 * asked for: four letters, made from the id of the code, which tells nothing about the code.
 */
export function referenceOf(codeId: string): string {
  let rest = Number.parseInt(codeId.slice(0, 8), 16)
  let reference = ''
  while (reference.length < LENGTH) {
    reference += LETTERS.charAt(rest % LETTERS.length)
    rest = Math.floor(rest / LETTERS.length)
  }
  return reference
}
