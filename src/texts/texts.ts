import english from '../../public/texts/en.json'
import type { Language } from './languages.ts'

/**
 * What mails and pages say in one language, as `public/texts/` holds it: a file per language, the English one
 * in the Worker too. A text may have slots, such as `{tenant}`. One that names the tenant never ends with it:
 * a name may end with a full stop itself.
 */
export type Texts = Omit<typeof english, 'dir'> & {
  /** The direction in which the language is written. */
  dir: 'ltr' | 'rtl'
}

const ENGLISH = { ...english, dir: 'ltr' } satisfies Texts

/** What this isolate has read. Results, not promises: a request cannot wait for what another has begun to read. */
const known = new Map<Language, Texts>([['en', ENGLISH]])

/** The texts in a language: read once per isolate. English where they cannot be read now. */
export async function textsIn({ ASSETS }: Pick<Env, 'ASSETS'>, language: Language): Promise<Texts> {
  const texts = known.get(language) ?? (await read(ASSETS, language))
  if (texts === undefined) return ENGLISH
  known.set(language, texts)
  return texts
}

async function read(assets: Fetcher, language: Language): Promise<Texts | undefined> {
  try {
    const response = await assets.fetch(`https://assets.invalid/texts/${language}.json`)
    return response.ok ? await response.json<Texts>() : undefined
  } catch {
    return undefined
  }
}

/** Fills the slots of a text. What is put in is never looked at for slots itself. */
export function fill(text: string, slots: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (slot, name: string) =>
    Object.hasOwn(slots, name) ? String(slots[name]) : slot,
  )
}
