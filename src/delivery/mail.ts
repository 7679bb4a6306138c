import type { GlassEvent } from '../audit/glass-event-store.ts'
import type { CodeMode } from '../codes/code.ts'
import { referenceOf } from '../codes/reference.ts'
import { REPORTABLE_MS, sealReport } from '../codes/report-link.ts'
import { sealLink } from '../codes/reset-link.ts'
import { config } from '../config.ts'
import type { Channel } from '../database/schema.ts'
import { tenantOrigin, type Tenant } from '../tenants/tenant.ts'
import { mailHtml, type MailParts } from './mail-html.ts'
import type { Notice } from './message.ts'
import { validityInWords } from '../texts/duration.ts'
import { firstKnownLanguage, type Language } from '../texts/languages.ts'
import { fill, textsIn, type Texts } from '../texts/texts.ts'

/** Why a code is mailed: its user asked for it, the help desk made it, or it enrols its user. */
export type CodeOccasion = keyof Texts['mails']['codes']

/** What a user is told about their codes, apart from the codes themselves. */
type NoticeSubject = keyof Texts['mails']['notices']

/** Whose mail it is, and where its texts are. */
export type MailSource = { env: Env; tenant: Tenant }

/** A mail, ready for a mailer. */
export type Mail = { language: string; subject: string; text: string; html: string }

/** A code to be mailed. */
export type CodeContent = {
  codeId: string
  code: string
  occasion: CodeOccasion
  /** The canonical address of the user, wherever the mail goes. */
  emailKey: string
  validMs: number
  /** Epoch ms at which the code ends. */
  expiresAt: number
}

/** The mail with a code. A tenant's own words for it stand in place of ours, unless it enrols. */
export async function codeMail(
  { env, tenant }: MailSource,
  preferredLanguage: unknown,
  content: CodeContent,
): Promise<Mail> {
  const { code, codeId, occasion, validMs } = content
  const language = languageOf(tenant, preferredLanguage)
  const said = await textsIn(env, language)
  const { codes, expiry, reference } = said.mails
  const { mail, pages } = tenant.policy
  const { texts } = mail
  const isForPages = pages !== 'off' && occasion !== 'enrolment'
  const own = occasion === 'enrolment' ? undefined : texts[language]
  const { subject, intro, closing } = codes[occasion]
  const named = { tenant: senderOf(tenant) }
  return compose(tenant, said, {
    subject: own?.subject ?? fill(subject, named),
    intro: own?.intro ?? fill(intro, named),
    code: groupCode(code),
    expiry: fill(expiry, { duration: validityInWords(said.tag, validMs) }),
    ...(isForPages && { reference: fill(reference, { reference: referenceOf(codeId) }) }),
    link: await linkOf({ env, tenant }, language, said, content),
    closing: own?.closing ?? closing,
  })
}

/**
 * Where the code is entered: the tenant's own page or, where it has none, ours. The link to ours has the address
 * in it, sealed. Whoever follows it still has to enter the code.
 */
async function linkOf(
  { env, tenant }: MailSource,
  language: Language,
  { mails }: Texts,
  { codeId, emailKey, occasion, expiresAt }: CodeContent,
): Promise<MailParts['link']> {
  const { button, enterHere, noButton } = mails
  const words = { button, enterHere, noButton }
  const { mail, pages } = tenant.policy
  if (mail.resetUrl !== undefined) return { url: mail.resetUrl, shownUrl: mail.resetUrl, ...words }
  if (pages === 'off' || occasion === 'enrolment' || tenant.hosts.length === 0) return undefined
  const { baseUrl, transientKeys } = config(env)
  const shownUrl = `${tenantOrigin(tenant, baseUrl)}/reset/code`
  const state = { tenantId: tenant.id, emailAddress: emailKey, reference: referenceOf(codeId), expiresAt }
  const query = new URLSearchParams({ m: await sealLink(transientKeys, state), lang: language })
  return { url: `${shownUrl}?${query.toString()}`, shownUrl, ...words }
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
  language: Language,
  about: { notice: Notice; mode: CodeMode; channel: Channel | undefined; reportUrl: string | undefined },
): Promise<Mail> {
  const { notice, mode, channel, reportUrl: url } = about
  const texts = await textsIn(env, language)
  const { notices, report, noButton } = texts.mails
  const link = url === undefined ? undefined : { url, shownUrl: url, ...report, noButton }
  return composeOpening(tenant, texts, notices[subjectOf(notice, mode, channel)], link)
}

/** The mail that tells a tenant that a rule of its desk was passed: who, for whom, and why. */
export async function alertMail({ env, tenant }: MailSource, event: GlassEvent): Promise<Mail> {
  const texts = await textsIn(env, tenant.policy.mail.language)
  const { subject, intro } = texts.mails.alert
  const slots = { ...event, tenant: senderOf(tenant) }
  return compose(tenant, texts, { subject: fill(subject, slots), intro: fill(intro, slots) })
}

/**
 * Where a user says that a code was not for them, in its page's language: the link holds no address and no code that
 * could be read. Nothing where the tenant has no desk, or no host for the page.
 */
export async function reportUrl(
  { env, tenant }: MailSource,
  language: Language,
  { userId, codeId, requestedAt }: { userId: string; codeId: string; requestedAt: number },
): Promise<string | undefined> {
  if (tenant.policy.desk === undefined || tenant.hosts.length === 0) return undefined
  const { baseUrl, transientKeys } = config(env)
  const state = { tenantId: tenant.id, userId, codeId, expiresAt: requestedAt + REPORTABLE_MS }
  const query = new URLSearchParams({ m: await sealReport(transientKeys, state), lang: language })
  return `${tenantOrigin(tenant, baseUrl)}/v/report/code?${query.toString()}`
}

/** The mail with a code by which a caller shows the help desk who they are. */
export async function proofMail(
  { env, tenant }: MailSource,
  preferredLanguage: unknown,
  { proof, validMs }: { proof: string; validMs: number },
): Promise<Mail> {
  const said = await textsIn(env, languageOf(tenant, preferredLanguage))
  const { verification, expiry } = said.mails
  const named = { tenant: senderOf(tenant) }
  return compose(tenant, said, {
    subject: fill(verification.subject, named),
    intro: fill(verification.intro, named),
    code: groupCode(proof),
    expiry: fill(expiry, { duration: validityInWords(said.tag, validMs) }),
    closing: verification.closing,
  })
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
export function languageOf({ policy }: Tenant, preferredLanguage: unknown): Language {
  const wanted = typeof preferredLanguage === 'string' ? firstKnownLanguage(preferredLanguage) : undefined
  return wanted ?? policy.mail.language
}

/** Groups of four, or of three where four do not fit: as people read and say them. */
function groupCode(code: string): string {
  const size = code.length % 4 === 0 ? 4 : 3
  return code.match(new RegExp(`.{1,${size}}`, 'g'))?.join('-') ?? code
}

function composeOpening(
  tenant: Tenant,
  texts: Texts,
  { subject, intro }: { subject: string; intro: string },
  link?: MailParts['link'],
): Promise<Mail> {
  const named = { tenant: senderOf(tenant) }
  return compose(tenant, texts, { subject: fill(subject, named), intro: fill(intro, named), link })
}

async function compose(
  tenant: Tenant,
  { tag: language, dir }: Texts,
  content: Omit<MailParts, 'language' | 'dir' | 'sender'>,
): Promise<Mail> {
  const parts = { language, dir, sender: senderOf(tenant), ...content }
  return { language, subject: parts.subject, text: mailText(parts), html: await mailHtml(parts) }
}

function mailText({ sender, intro, code, expiry, reference, link, closing }: MailParts): string {
  const paragraphs = [
    sender,
    intro,
    code && `    ${code}`,
    expiry,
    reference,
    link && `${link.enterHere}\n${link.url}`,
    closing,
  ]
  return `${paragraphs.filter(Boolean).join('\n\n')}\n`
}
