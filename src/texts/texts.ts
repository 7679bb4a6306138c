import { StoreFault } from '../database/store-fault.ts'
import type english from '../../public/texts/en.json'
import type { Language } from './languages.ts'

/**
 * What mails and pages say in one language, as a file of `public/texts/` holds it. A text may have slots, such as
 * `{tenant}`. One that names the tenant never ends with it: a name may end with a full stop itself.
 */
export type Texts = Omit<typeof english, 'dir'> & {
  /** The direction in which the language is written. */
  dir: 'ltr' | 'rtl'
}

/** What this isolate has read. Results, not promises: a request cannot wait for what another has begun to read. */
const known = new Map<Language, Texts>()

/**
 * The texts in a language, read once per isolate.
 *
 * @throws {StoreFault} when they cannot be read now: a page is answered 503, and a mail is tried again.
 */
export async function textsIn({ ASSETS }: Pick<Env, 'ASSETS'>, language: Language): Promise<Texts> {
  const texts = known.get(language) ?? (await read(ASSETS, language))
  known.set(language, texts)
  return texts
}

async function read(assets: Fetcher, language: Language): Promise<Texts> {
  try {
    const response = await assets.fetch(`https://assets.invalid/texts/${language}.json`)
    return await response.json<Texts>()
  } catch (cause) {
    throw new StoreFault('the texts cannot be read', { cause })
  }
}

/** Fills the slots of a text. What is put in is never looked at for slots itself. */
export function fill(text: string, slots: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (slot, name: string) =>
    Object.hasOwn(slots, name) ? String(slots[name]) : slot,
  )
}
