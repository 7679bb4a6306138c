import type { Policy } from '../tenants/policy.ts'
import { DE } from './texts/de.ts'
import { EN } from './texts/en.ts'
import { ES } from './texts/es.ts'
import { FR } from './texts/fr.ts'
import { JA } from './texts/ja.ts'
import type { MailTexts } from './texts/mail-texts.ts'

/** A language that mails can be written in. */
export type Language = Policy['mail']['language']

/** What mails say, in every language. */
export const TEXTS: Record<Language, MailTexts> = { en: EN, de: DE, fr: FR, es: ES, ja: JA }
