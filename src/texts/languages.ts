/** The languages of mails and pages, by the primary subtag that a user's language is found by. */
export const LANGUAGES = [
  'en',
  'de',
  'fr',
  'es',
  'ja',
  'it',
  'pt',
  'nl',
  'pl',
  'tr',
  'ar',
  'he',
  'zh',
  'ko',
] as const

export type Language = (typeof LANGUAGES)[number]

/**
 * The first language of a list, as `Accept-Language` writes it, that there are texts in: `de-CH` is served in
 * `de`, and `pt-PT` in `pt`. Qualities are not weighed against each other, since lists are written best first.
 */
export function firstKnownLanguage(list: string): Language | undefined {
  for (const range of list.slice(0, LIST_LENGTH_MAX).toLowerCase().split(',')) {
    const [primary = ''] = range.trim().split(/[-_;]/)
    if (isLanguage(primary)) return primary
  }
  return undefined
}

/** The rest of a longer list is not looked at. */
const LIST_LENGTH_MAX = 500

export function isLanguage(name: string): name is Language {
  return (LANGUAGES as readonly string[]).includes(name)
}
