import type { CodeMode } from '../codes/code.ts'
import type { Channel } from '../database/schema.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { mailHtml, type MailParts } from './mail-html.ts'
import type { Notice } from './message.ts'
import { firstKnownLanguage, type Language } from '../texts/languages.ts'
import { fill, textsIn, type Texts } from '../texts/texts.ts'

/** Why a code is mailed: its user asked for it, the help desk made it, or it enrols its user. */
export type CodeOccasion = keyof Texts['mails']['codes']

/** What a user is told about their codes, apart from the codes themselves. */
type NoticeSubject = keyof Texts['mails']['notices']

/** Whose mail it is, and where its texts are. */
export type MailSource = { env: Pick<Env, 'ASSETS'>; tenant: Tenant }

/** A mail, ready for a mailer. */
export type Mail = { language: string; subject: string; text: string; html: string }

/** A code to be mailed. */
export type CodeContent = { code: string; occasion: CodeOccasion; validMs: number }

/** The mail with a code. A tenant's own words for it stand in place of ours, unless it enrols. */
export async function codeMail(
  { env, tenant }: MailSource,
  preferredLanguage: unknown,
  { code, occasion, validMs }: CodeContent,
): Promise<Mail> {
  const language = languageOf(tenant, preferredLanguage)
  const said = await textsIn(env, language)
  const { codes, expiry, button, enterHere, noButton } = said.mails
  const { resetUrl, texts } = tenant.policy.mail
  const own = occasion === 'enrolment' ? undefined : texts[language]
  const { subject, intro, closing } = codes[occasion]
  const named = { tenant: senderOf(tenant) }
  return compose(tenant, said, {
    subject: own?.subject ?? fill(subject, named),
    intro: own?.intro ?? fill(intro, named),
    code: groupCode(code),
    expiry: fill(expiry, { duration: durationInWords(said.tag, validMs) }),
    link: resetUrl === undefined ? undefined : { url: resetUrl, button, enterHere, noButton },
    closing: own?.closing ?? closing,
  })
}

/** The mail to an address without an account, for tenants that want it sent. */
export async function noAccountMail({ env, tenant }: MailSource): Promise<Mail> {
  const texts = await textsIn(env, tenant.policy.mail.language)
  return composeOpening(tenant, texts, texts.mails.noAccount)
}

/**
 * The mail that tells a user what happened to their code; never the code itself.
 */
export async function noticeMail(
  { env, tenant }: MailSource,
  preferredLanguage: unknown,
  { notice, mode, channel }: { notice: Notice; mode: CodeMode; channel: Channel | undefined },
): Promise<Mail> {
  const texts = await textsIn(env, languageOf(tenant, preferredLanguage))
  return composeOpening(tenant, texts, texts.mails.notices[subjectOf(notice, mode, channel)])
}

/** Enrolment codes can only be issued and voided: what is redeemed or locked is a reset code. */
function subjectOf(notice: Notice, mode: CodeMode, channel: Channel | undefined): NoticeSubject {
  const isOfEnrolment = mode === 'ENROLLMENT'
  switch (notice) {
    case 'redeemed':
    case 'locked':
      return notice
    case 'voided':
      return isOfEnrolment ? 'enrolmentVoided' : 'voided'
    case 'issued':
      if (channel === 'custom') return isOfEnrolment ? 'enrolmentSentElsewhere' : 'sentElsewhere'
      return isOfEnrolment ? 'enrolmentShown' : 'shown'
  }
}

/** The name that mails are sent under. */
function senderOf({ name, policy }: Tenant): string {
  return policy.mail.name ?? name
}

/** The first of the user's languages that there are texts in, else the tenant's. */
function languageOf({ policy }: Tenant, preferredLanguage: unknown): Language {
  const wanted = typeof preferredLanguage === 'string' ? firstKnownLanguage(preferredLanguage) : undefined
  return wanted ?? policy.mail.language
}

/** Groups of four, or of three where four do not fit: as people read and say them. */
function groupCode(code: string): string {
  const size = code.length % 4 === 0 ? 4 : 3
  return code.match(new RegExp(`.{1,${size}}`, 'g'))?.join('-') ?? code
}

function durationInWords(language: string, validMs: number): string {
  const minutes = Math.max(1, Math.round(validMs / 60_000))
  const isInHours = minutes % 60 === 0
  const unit = isInHours ? 'hour' : 'minute'
  const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })
  const words = format.format(isInHours ? minutes / 60 : minutes)
  // Languages that are written without spaces have none here either.
  return /^(?:ja|zh)/.test(language) ? words.replace(/\s/g, '') : words
}

function composeOpening(
  tenant: Tenant,
  texts: Texts,
  { subject, intro }: { subject: string; intro: string },
): Promise<Mail> {
  const named = { tenant: senderOf(tenant) }
  return compose(tenant, texts, { subject: fill(subject, named), intro: fill(intro, named) })
}

async function compose(
  tenant: Tenant,
  { tag: language, dir }: Texts,
  content: Omit<MailParts, 'language' | 'dir' | 'sender'>,
): Promise<Mail> {
  const parts = { language, dir, sender: senderOf(tenant), ...content }
  return { language, subject: parts.subject, text: mailText(parts), html: await mailHtml(parts) }
}

function mailText({ sender, intro, code, expiry, link, closing }: MailParts): string {
  const paragraphs = [
    sender,
    intro,
    code && `    ${code}`,
    expiry,
    link && `${link.enterHere}\n${link.url}`,
    closing,
  ]
  return `${paragraphs.filter(Boolean).join('\n\n')}\n`
}
