import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { StoreFault } from '../../src/database/store-fault.ts'
import { LANGUAGES, type Language } from '../../src/texts/languages.ts'
import { fill, textsIn, type Texts } from '../../src/texts/texts.ts'

/** The texts of all languages, read as the service reads them. */
const TEXTS = Object.fromEntries(
  await Promise.all(LANGUAGES.map(async (language) => [language, await textsIn(env, language)])),
) as Record<Language, Texts>

/** Ends with a full stop, as names of companies do. */
const TENANT = 'Acme Inc.'

/** Every text of a language, by its path, its slots unfilled. */
function rawTextsOf(language: Language): [path: string, text: string][] {
  const collect = (path: string, value: unknown): [string, string][] =>
    typeof value === 'string'
      ? [[path, value]]
      : Object.entries(value as object).flatMap(([key, member]) => collect(`${path}.${key}`, member))
  const { tag: _, dir: __, ...texts } = TEXTS[language]
  return Object.entries(texts).flatMap(([key, value]) => collect(key, value))
}

/** The same, with the tenant's name and the duration in them. */
function textsOf(language: Language): [path: string, text: string][] {
  const slots = { tenant: TENANT, duration: '10 minutes' }
  return rawTextsOf(language).map(([path, text]) => [path, fill(text, slots)])
}

const slotsIn = (text: string) => [...text.matchAll(/\{\w*\}?/g)].map(([slot]) => slot).toSorted()

/** Words that each language was once corrected to. */
const CORRECTED: Partial<Record<Language, string[]>> = {
  en: ['We will never ask you for it'],
  de: ['Ihr Code lautet', 'registriert', 'melden Sie sich sofort dort'],
  fr: ['Quelqu’un (vous, nous l’espérons)', 'Nous ne vous le demanderons jamais', 'service d’assistance'],
  es: ['Alguien (esperamos que usted) ha solicitado'],
  ja: ['リクエストを受け付けました', '担当者が'],
}

const ENGLISH = new Map(rawTextsOf('en'))

describe.each(LANGUAGES)('the texts in %s', (language) => {
  const texts = textsOf(language)

  it('are as many as in every other language, each with the same slots, and none is empty', () => {
    const slotted = (of: Language) =>
      Object.fromEntries(rawTextsOf(of).map(([path, text]) => [path, slotsIn(text)]))
    expect(slotted(language)).toEqual(slotted('en'))
    expect(texts.filter(([, text]) => text.trim().length < 2)).toEqual([])
  })

  it('are of this language', () => {
    const { tag, dir } = TEXTS[language]
    expect(new Intl.Locale(tag).language).toBe(language)
    const isRightToLeft = ['ar', 'he'].includes(language)
    expect(dir).toBe(isRightToLeft ? 'rtl' : 'ltr')
    const same = rawTextsOf(language).filter(([path, text]) => text.length > 25 && text === ENGLISH.get(path))
    expect(language === 'en' ? [] : same.map(([path]) => path)).toEqual([])
  })

  it('name the tenant in every subject and every first sentence, but not at its end', () => {
    const naming = texts.filter(([path]) => /^mails\..*\.(subject|intro)$/.test(path))
    expect(naming.length).toBe(28)
    expect(naming.filter(([, text]) => !text.includes(TENANT))).toEqual([])
    expect(naming.filter(([, text]) => /Acme Inc\.[.。]/.test(text))).toEqual([])
  })

  it('say how long a code is valid', () => {
    const minutes = new Intl.NumberFormat(language, { style: 'unit', unit: 'minute', unitDisplay: 'long' })
    const said = fill(TEXTS[language].mails.expiry, { duration: minutes.format(10) }).replace(/\s/g, '')
    expect(said).toContain(minutes.format(10).replace(/\s/g, ''))
  })

  it('have a subject of their own for everything that happens', () => {
    const { codes, noAccount, notices } = TEXTS[language].mails
    const openings = [codes.asked, codes.enrolment, noAccount, ...Object.values(notices)]
    expect(new Set(openings.map(({ subject }) => subject)).size).toBe(11)
  })

  it('say what a button does, in a few words without an address', () => {
    const { button } = TEXTS[language].mails
    expect(button).toMatch(/^[^:：/.]{4,30}$/)
  })

  it('read as a native speaker writes', () => {
    const whole = texts.map(([, text]) => text).join('\n')
    for (const words of CORRECTED[language] ?? []) expect(whole).toContain(words)
    expect(whole).not.toMatch(/['"]| {2}|\s$/m)
  })
})

describe('the texts in French', () => {
  it('have no-break spaces before colons, question marks, exclamation marks and semicolons', () => {
    const whole = textsOf('fr')
      .map(([, text]) => text)
      .join('\n')
    expect(whole.match(/\u00a0:/g)?.length).toBeGreaterThan(5)
    expect(whole).not.toMatch(/[^\u00a0]:|[^\u202f][?!;]/)
  })
})

describe('filling slots', () => {
  it('looks for no slot in what is put in, and leaves what it does not know', () => {
    expect(fill('{tenant}: {other} $& {tenant}', { tenant: '{other}$&{tenant}' })).toBe(
      '{other}$&{tenant}: {other} $& {other}$&{tenant}',
    )
    expect(fill('{constructor}', {})).toBe('{constructor}')
  })
})

it('a language that cannot be read is the fault of a store, and is read again', async () => {
  const reading = (answer: () => Promise<Response>) => ({ ASSETS: { fetch: answer } as unknown as Fetcher })
  const unread = 'xx' as Language
  const broken = reading(async () => Promise.reject(new Error('gone')))
  await expect(textsIn(broken, unread)).rejects.toThrow(StoreFault)
  const missing = reading(async () => new Response('', { status: 404 }))
  await expect(textsIn(missing, unread)).rejects.toThrow(StoreFault)
  const back = reading(async () => Response.json({ ...TEXTS.de, tag: 'xx' }))
  expect((await textsIn(back, unread)).tag).toBe('xx')
})
