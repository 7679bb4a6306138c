import type { CodeMode } from '../codes/code.ts'
import type { Channel } from '../database/schema.ts'
import type { Tenant } from '../tenants/tenant.ts'
import { mailHtml, type MailParts } from './mail-html.ts'
import type { Notice } from './message.ts'
import type { CodeOccasion, NoticeSubject } from './texts/mail-texts.ts'
import { TEXTS, type Language } from './texts.ts'

/** A mail, ready for a mailer. */
export type Mail = { language: Language; subject: string; text: string; html: string }

/** A code to be mailed. */
export type CodeContent = { code: string; occasion: CodeOccasion; validMs: number }

/** The mail with a code. A tenant's own words for it stand in place of ours, unless it enrols. */
export function codeMail(
  tenant: Tenant,
  preferredLanguage: unknown,
  { code, occasion, validMs }: CodeContent,
): Promise<Mail> {
  const language = languageOf(tenant, preferredLanguage)
  const { codes, expiry, button, enterHere, noButton } = TEXTS[language]
  const { resetUrl, texts } = tenant.policy.mail
  const own = occasion === 'enrolment' ? undefined : texts[language]
  const sender = senderOf(tenant)
  const { subject, intro, closing } = codes[occasion]
  return compose(tenant, language, {
    subject: own?.subject ?? subject(sender),
    intro: own?.intro ?? intro(sender),
    code: groupCode(code),
    expiry: expiry(durationInWords(language, validMs)),
    link: resetUrl === undefined ? undefined : { url: resetUrl, button, enterHere, noButton },
    closing: own?.closing ?? closing,
  })
}

/** The mail to an address without an account, for tenants that want it sent. */
export function noAccountMail(tenant: Tenant): Promise<Mail> {
  const { language } = tenant.policy.mail
  const { subject, intro } = TEXTS[language].noAccount
  const sender = senderOf(tenant)
  return compose(tenant, language, { subject: subject(sender), intro: intro(sender) })
}

/**
 * The mail that tells a user what happened to their code; never the code itself.
 */
export function noticeMail(
  tenant: Tenant,
  preferredLanguage: unknown,
  { notice, mode, channel }: { notice: Notice; mode: CodeMode; channel: Channel | undefined },
): Promise<Mail> {
  const language = languageOf(tenant, preferredLanguage)
  const { subject, intro } = TEXTS[language].notices[subjectOf(notice, mode, channel)]
  const sender = senderOf(tenant)
  return compose(tenant, language, { subject: subject(sender), intro: intro(sender) })
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

/** The user's language where there are texts in it (`de-CH` is served in `de`), else the tenant's. */
function languageOf({ policy }: Tenant, preferredLanguage: unknown): Language {
  const wanted = typeof preferredLanguage === 'string' ? preferredLanguage.toLowerCase() : ''
  const [primary = ''] = wanted.split(/[-_,;]/)
  return isLanguage(primary) ? primary : policy.mail.language
}

function isLanguage(name: string): name is Language {
  return Object.hasOwn(TEXTS, name)
}

/** Groups of four, or of three where four do not fit: as people read and say them. */
function groupCode(code: string): string {
  const size = code.length % 4 === 0 ? 4 : 3
  return code.match(new RegExp(`.{1,${size}}`, 'g'))?.join('-') ?? code
}

function durationInWords(language: Language, validMs: number): string {
  const minutes = Math.max(1, Math.round(validMs / 60_000))
  const isInHours = minutes % 60 === 0
  const unit = isInHours ? 'hour' : 'minute'
  const format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' })
  return format.format(isInHours ? minutes / 60 : minutes)
}

async function compose(
  tenant: Tenant,
  language: Language,
  content: Omit<MailParts, 'language' | 'dir' | 'sender'>,
): Promise<Mail> {
  const parts = { language, dir: TEXTS[language].dir, sender: senderOf(tenant), ...content }
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
