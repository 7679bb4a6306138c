/** Where the inbox of a local run is. */
export const INBOX_PATH = '/dev/mail'

/** Older ones are forgotten. */
const MAILS_MAX = 100

/** A mail that the local service has sent. */
export type InboxMail = {
  id: string
  /** ISO 8601. */
  sentAt: string
  from: string
  to: string
  subject: string
  text: string
  html: string
  /** Where its button leads; absent for a mail without one. */
  link?: string
}

/** The mails of this run, newest first. They are in memory alone, and gone with it. */
export class Inbox {
  #mails: readonly InboxMail[] = []

  get mails(): readonly InboxMail[] {
    return this.#mails
  }

  add({ from, to, subject, text = '', html = '' }: EmailMessageBuilder, now: number): void {
    const link = firstLink(html)
    const mail = {
      // Without hyphens, so that whoever searches the JSON for a code finds none in it.
      id: crypto.randomUUID().replaceAll('-', ''),
      sentAt: new Date(now).toISOString(),
      from: shown(from),
      to: [to].flat().map(shown).join(', '),
      subject,
      text,
      html,
      ...(link !== undefined && { link }),
    }
    this.#mails = [mail, ...this.#mails].slice(0, MAILS_MAX)
  }
}

/** The binding, and what is sent through it is remembered too once it has been accepted. */
export function remembering(binding: SendEmail, inbox: Inbox): SendEmail {
  return {
    async send(message: EmailMessage | EmailMessageBuilder) {
      if (!('subject' in message)) return binding.send(message)
      const result = await binding.send(message)
      inbox.add(message, Date.now())
      return result
    },
  }
}

function shown(address: string | EmailAddress = ''): string {
  return typeof address === 'string' ? address : `${address.name} <${address.email}>`
}

/** The target of the first link, as the browser would read it; nothing but a web page. */
function firstLink(html: string): string | undefined {
  const [, escaped = ''] = /<a\s[^>]*?href="([^"]*)"/i.exec(html) ?? []
  const link = escaped.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
  return /^https?:\/\//.test(link) ? link : undefined
}
