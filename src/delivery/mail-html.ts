import { html } from 'hono/html'
import {
  BACKGROUND,
  LAYOUT_TABLE,
  OUTLOOK_WIDTH,
  PREVIEW_FILLER,
  STYLE,
  STYLE_SHEETS,
} from './mail-styles.ts'
import type { Texts } from '../texts/texts.ts'

/** What a mail is made of, from top to bottom. */
export type MailParts = {
  language: string
  dir: Texts['dir']
  subject: string
  /** The name that stands above everything. */
  sender: string
  intro: string
  code?: string
  expiry?: string
  /** Which mail it is, as the page that it leads to shows it. */
  reference?: string
  /** `shownUrl` is the address in words: it may lead to the same page without what only the link knows. */
  link?:
    | ({ url: string; shownUrl: string } & Pick<Texts['mails'], 'button' | 'enterHere' | 'noButton'>)
    | undefined
  closing?: string
}

type Markup = ReturnType<typeof html>

/** A mail as HTML, laid out by tables, which every mail program shows alike. Every text is escaped. */
export async function mailHtml(parts: MailParts): Promise<string> {
  const { language, dir, subject, intro, expiry } = parts
  return String(
    await html`<!doctype html>
      <html lang="${language}" dir="${dir}" xmlns:o="urn:schemas-microsoft-com:office:office">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width,initial-scale=1" />
          <meta name="format-detection" content="telephone=no,date=no,address=no,email=no" />
          <meta name="color-scheme" content="light dark" />
          <meta name="supported-color-schemes" content="light dark" />
          <title>${subject}</title>
          ${STYLE_SHEETS}
        </head>
        <body class="page" style="${STYLE.body}">
          <div style="${STYLE.preview}">${expiry ?? intro}${PREVIEW_FILLER}</div>
          <table class="page" ${LAYOUT_TABLE} width="100%" bgcolor="${BACKGROUND.page}">
            <tr>
              <td align="center" style="${STYLE.frame}">
                ${OUTLOOK_WIDTH.start} ${card(parts)} ${OUTLOOK_WIDTH.end}
              </td>
            </tr>
          </table>
        </body>
      </html>`,
  )
}

/** The card states the direction again, since mail programs drop the page's. */
function card({ dir, sender, intro, code, expiry, reference, link, closing }: MailParts): Markup {
  return html`<table
    class="card"
    ${LAYOUT_TABLE}
    dir="${dir}"
    width="100%"
    bgcolor="${BACKGROUND.card}"
    style="${STYLE.card}"
  >
    ${row(dir, html`<p class="text" style="${STYLE.sender}">${sender}</p>`, STYLE.firstRow)}
    ${row(dir, paragraph(intro))} ${code && row(dir, codeBox(code))} ${expiry && row(dir, paragraph(expiry))}
    ${reference && row(dir, html`<p class="note" style="${STYLE.note}">${reference}</p>`)}
    ${link && [row(dir, button(link)), row(dir, addressNote(link))]}
    ${closing && row(dir, paragraph(closing))}
  </table>`
}

function row(dir: MailParts['dir'], content: Markup, style: string = STYLE.row): Markup {
  return html`<tr>
    <td align="${dir === 'rtl' ? 'right' : 'left'}" style="${style}">${content}</td>
  </tr>`
}

function paragraph(text: string): Markup {
  return html`<p class="text" style="${STYLE.text}">${text}</p>`
}

function codeBox(code: string): Markup {
  return html`<table ${LAYOUT_TABLE} width="100%">
    <tr>
      <td class="box" align="center" bgcolor="${BACKGROUND.box}" style="${STYLE.box}">
        <p class="text code" dir="ltr" style="${STYLE.code}">${code}</p>
      </td>
    </tr>
  </table>`
}

type Link = NonNullable<MailParts['link']>

function button({ url, button }: Link): Markup {
  return html`<table ${LAYOUT_TABLE}>
    <tr>
      <td class="button" align="center" bgcolor="${BACKGROUND.button}" style="${STYLE.buttonCell}">
        <a class="button" href="${url}" style="${STYLE.button}">${button}</a>
      </td>
    </tr>
  </table>`
}

function addressNote({ shownUrl, noButton }: Link): Markup {
  return html`<p class="note" style="${STYLE.note}">
    ${noButton}<br /><span dir="ltr" style="${STYLE.url}">${shownUrl}</span>
  </p>`
}
