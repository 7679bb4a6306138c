import { html } from 'hono/html'
import type { CodeMode } from '../codes/code.ts'
import type { Tenant } from '../tenants/tenant.ts'
import type { Notice } from './message.ts'
import { TEXTS, type Language } from './texts.ts'

/** A mail, ready for a mailer. */
export type Mail = { language: Language; subject: string; text: string; html: string }

/** What a mail is made of, from top to bottom. */
type Draft = {
  language: Language
  subject: string
  intro: string
  code?: string
  expiry?: string
  link?: { label: string; url: string } | undefined
  closing?: string | undefined
}

/** A code to be mailed. */
export type CodeContent = { code: string; mode: CodeMode; validMs: number }

/** The mail with a code. */
export function codeMail(
  tenant: Tenant,
  preferredLanguage: unknown,
  { code, mode, validMs }: CodeContent,
): Promise<Mail> {
  const language = languageOf(tenant, preferredLanguage)
  const { code: reset, enrolment } = TEXTS[language]
  const { resetUrl, texts } = tenant.policy.mail
  const isReset = mode === 'PASSWORD_RESET'
  const own = isReset ? texts[language] : undefined
  const { subject, intro } = isReset ? reset : enrolment
  return compose(tenant, {
    language,
    subject: own?.subject ?? subject,
    intro: own?.intro ?? intro,
    code: groupCode(code),
    expiry: reset.expiry(durationInWords(language, validMs)),
    link: resetUrl === undefined ? undefined : { label: reset.link, url: resetUrl },
    closing: isReset ? (own?.closing ?? reset.notYou) : undefined,
  })
}

/** The mail to an address without an account, for tenants that want it sent. */
export function noAccountMail(tenant: Tenant): Promise<Mail> {
  const { language } = tenant.policy.mail
  return compose(tenant, { language, ...TEXTS[language].noAccount })
}

/** The mail that tells a user what happened to their code; never the code itself. */
export function noticeMail(tenant: Tenant, preferredLanguage: unknown, notice: Notice): Promise<Mail> {
  const language = languageOf(tenant, preferredLanguage)
  return compose(tenant, { language, ...TEXTS[language].notices[notice] })
}

/** The user's language where there are texts in it (`de-CH` is served in `de`), else the tenant's. */
function languageOf({ policy }: Tenant, preferredLanguage: unknown): Language {
  const wanted = typeof preferredLanguage === 'string' ? preferredLanguage.toLowerCase() : ''
  const [primary = ''] = wanted.split(/[-_,;]/)
  return Object.hasOwn(TEXTS, primary) ? (primary as Language) : policy.mail.language
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

async function compose(tenant: Tenant, draft: Draft): Promise<Mail> {
  const { language, subject } = draft
  const sender = tenant.policy.mail.name ?? tenant.name
  return { language, subject, text: asText(draft, sender), html: String(await asHtml(draft, sender)) }
}

function asText({ intro, code, expiry, link, closing }: Draft, sender: string): string {
  const paragraphs = [
    intro,
    code && `    ${code}`,
    expiry,
    link && `${link.label}\n${link.url}`,
    closing,
    `-- \n${sender}`,
  ]
  return `${paragraphs.filter(Boolean).join('\n\n')}\n`
}

function asHtml(
  { language, subject, intro, code, expiry, link, closing }: Draft,
  sender: string,
): ReturnType<typeof html> {
  const paragraph = (text: string | undefined) => text && html`<p style="margin:0 0 16px">${text}</p>`
  const button = 'display:inline-block;padding:12px 20px;border-radius:6px;background:#1a4fd6;color:#fff'
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${subject}</title>
      </head>
      <body style="margin:0;background:#f4f5f7">
        <div
          style="max-width:480px;margin:0 auto;padding:24px;background:#fff;color:#1c1e21;font:16px/1.5 system-ui,sans-serif"
        >
          ${paragraph(intro)}
          ${code && html`<p style="margin:0 0 16px;padding:16px;border-radius:6px;background:#f4f5f7;text-align:center;font:600 28px/1.2 ui-monospace,monospace;letter-spacing:2px">${code}</p>`}
          ${paragraph(expiry)}
          ${link && html`<p style="margin:0 0 16px">${link.label}<br /><a href="${link.url}" style="${button};margin-top:8px;text-decoration:none;word-break:break-all">${link.url}</a></p>`}
          ${paragraph(closing)}
          <p style="margin:24px 0 0;color:#5f6670;font-size:14px">${sender}</p>
        </div>
      </body>
    </html> `
}
