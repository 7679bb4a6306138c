import { describe, expect, it } from 'vitest'
import { TEXTS, type Language } from '../../src/delivery/texts.ts'

const LANGUAGES = Object.keys(TEXTS) as Language[]

/** Ends with a full stop, as names of companies do. */
const TENANT = 'Acme Inc.'

/** Every text of a language, by its path. */
function textsOf(language: Language): [path: string, text: string][] {
  const { expiry, dir: _, ...texts } = TEXTS[language]
  const found: [string, string][] = [['expiry', expiry('10 minutes')]]
  const collect = (path: string, value: unknown): void => {
    if (typeof value === 'function') found.push([path, String(value(TENANT))])
    else if (typeof value === 'string') found.push([path, value])
    else for (const [key, member] of Object.entries(value as object)) collect(`${path}.${key}`, member)
  }
  for (const [key, value] of Object.entries(texts)) collect(key, value)
  return found
}

/** Words that each language was once corrected to. */
const CORRECTED: Record<Language, string[]> = {
  en: ['We will never ask you for it'],
  de: ['Ihr Code lautet', 'registriert', 'melden Sie sich sofort dort'],
  fr: ['Quelqu’un (vous, nous l’espérons)', 'Nous ne vous le demanderons jamais', 'service d’assistance'],
  es: ['Alguien (esperamos que usted) ha solicitado'],
  ja: ['リクエストを受け付けました', '担当者が'],
}

describe.each(LANGUAGES)('the texts in %s', (language) => {
  const texts = textsOf(language)

  it('are as many as in every other language, and none is empty', () => {
    const paths = texts.map(([path]) => path)
    expect(paths.toSorted()).toEqual(
      textsOf('en')
        .map(([path]) => path)
        .toSorted(),
    )
    expect(texts.filter(([, text]) => text.trim().length < 4)).toEqual([])
  })

  it('name the tenant in every subject and every first sentence, but not at its end', () => {
    const naming = texts.filter(([path]) => /\.(subject|intro)$/.test(path))
    expect(naming.length).toBe(24)
    expect(naming.filter(([, text]) => !text.includes(TENANT))).toEqual([])
    expect(naming.filter(([, text]) => /Acme Inc\.[.。]/.test(text))).toEqual([])
  })

  it('say how long a code is valid', () => {
    const minutes = new Intl.NumberFormat(language, { style: 'unit', unit: 'minute', unitDisplay: 'long' })
    const said = TEXTS[language].expiry(minutes.format(10)).replace(/\s/g, '')
    expect(said).toContain(minutes.format(10).replace(/\s/g, ''))
  })

  it('have a subject of their own for everything that happens', () => {
    const { codes, noAccount, notices } = TEXTS[language]
    const openings = [codes.asked, codes.enrolment, noAccount, ...Object.values(notices)]
    expect(new Set(openings.map(({ subject }) => subject(TENANT))).size).toBe(11)
  })

  it('say what a button does, in a few words without an address', () => {
    const { button } = TEXTS[language]
    expect(button).toMatch(/^[^:：/.]{4,30}$/)
  })

  it('read as a native speaker writes', () => {
    const whole = texts.map(([, text]) => text).join('\n')
    for (const words of CORRECTED[language]) expect(whole).toContain(words)
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

describe('the texts in Japanese', () => {
  it('have no space between a number and its unit', () => {
    expect(TEXTS.ja.expiry('24 時間')).toContain('24時間')
    expect(TEXTS.ja.expiry('10\u00a0分')).toContain('10分')
  })
})
