import { expect, it } from 'vitest'
import { grouped, spell, SPELLING_LANGUAGES, spellingLanguage } from '../../console/src/codes/spelling.ts'

/** A code is said so that nobody mishears it. */

const SYMBOLS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'

it.each(SPELLING_LANGUAGES)('%s has a word of its own for every symbol', (tag) => {
  const words = spell(SYMBOLS, spellingLanguage(tag)).map(({ word }) => word)
  expect(words).toHaveLength(SYMBOLS.length)
  expect(new Set(words).size).toBe(SYMBOLS.length)
})

it.each([
  ['de-CH', 'de'],
  ['en-GB', 'en'],
  ['pt_BR', 'en'],
  ['sv', 'en'],
  ['', 'en'],
  ['constructor', 'en'],
])('%s is spelled in %s', (tag, language) => {
  expect(spellingLanguage(tag)).toBe(language)
})

it.each([
  ['A6DT-KAS3', ['A6DT', 'KAS3']],
  ['123456', ['123', '456']],
  ['1234567890', ['1234', '567', '890']],
  ['ABCDEFGHJKMN', ['ABCD', 'EFGH', 'JKMN']],
  ['ABCD', ['ABCD']],
])('%s is shown in groups', (code, groups) => {
  expect(grouped(code)).toEqual(groups)
})
