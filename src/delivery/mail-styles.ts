import { raw } from 'hono/html'

/** How mails look. Inline styles reach every mail program; the sheets add what old ones do not know. */

/** Wide enough for a code of 12 digits in groups, narrow enough to read. */
const WIDTH_PX = 520

const FONT = 'font-family:-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif'
const MONOSPACE = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,Courier New,monospace'

/** Inline styles. Their colors are those of a light screen. */
export const STYLE = {
  body: 'margin:0;padding:0;background-color:#f4f5f7',
  /** `mso-hide` is for Outlook, which ignores `display:none`. */
  preview: 'display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;mso-hide:all',
  frame: 'padding:24px 12px',
  card: `max-width:${WIDTH_PX}px;border-radius:8px`,
  /** Space is the padding of cells: Outlook knows no margin of a table. */
  firstRow: `padding:24px 24px 20px;${FONT}`,
  row: `padding:0 24px 20px;${FONT}`,
  sender: 'margin:0;color:#1c1e21;font-size:20px;line-height:28px;font-weight:bold',
  text: 'margin:0;color:#1c1e21;font-size:16px;line-height:24px',
  box: 'padding:16px 8px;border-radius:6px',
  code: `margin:0;color:#1c1e21;font-size:28px;line-height:36px;font-weight:bold;letter-spacing:2px;${MONOSPACE}`,
  /** Outlook knows no padding of a link, so there the cell is as large as the link is elsewhere. */
  buttonCell: 'border-radius:6px;mso-padding-alt:12px 24px',
  button: `display:inline-block;padding:12px 24px;mso-padding-alt:0;border-radius:6px;background-color:#1a4fd6;color:#ffffff;font-size:16px;line-height:24px;font-weight:bold;text-decoration:none;${FONT}`,
  note: 'margin:0;color:#5a616b;font-size:14px;line-height:20px',
  url: 'word-break:break-all',
}

/** Backgrounds as attributes too, for programs that know no other. */
export const BACKGROUND = { page: '#f4f5f7', card: '#ffffff', box: '#eef0f4', button: '#1a4fd6' }

/** Attributes of a table that is there for the layout alone, so that no reader announces it. */
export const LAYOUT_TABLE = raw('role="presentation" cellpadding="0" cellspacing="0" border="0"')

/**
 * Fills the rest of the preview that a list of mails or a lock screen shows. Without it the body would
 * follow there, and the code with it.
 */
export const PREVIEW_FILLER = raw('&nbsp;&zwnj;'.repeat(150))

/** Outlook for Windows knows no `max-width`: it gets a table of that width around the card. */
export const OUTLOOK_WIDTH = {
  start: raw(
    `<!--[if mso]><table role="presentation" width="${WIDTH_PX}" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->`,
  ),
  end: raw('<!--[if mso]></td></tr></table><![endif]-->'),
}

const OUTLOOK_HEAD = `<!--[if mso]>
<xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml>
<style>p,td,a{font-family:Arial,sans-serif!important}.code{font-family:Consolas,monospace!important}</style>
<![endif]-->`

/** Apple Mail makes links of texts that look like dates or telephone numbers. They keep the look of text. */
const APPLE_LINKS = 'a[x-apple-data-detectors]{color:inherit!important;text-decoration:none!important}'

const DARK = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){
.page{background-color:#121417!important}
.card{background-color:#1e2126!important}
.text{color:#e8eaed!important}
.note{color:#a9b0ba!important}
.box{background-color:#2d3138!important}
.button{background-color:#2f66e4!important;color:#ffffff!important}
}`

/** Several sheets, since Gmail drops a whole sheet for one rule that it does not know. */
export const STYLE_SHEETS = raw(`${OUTLOOK_HEAD}
<style>${APPLE_LINKS}</style>
<style>${DARK}</style>`)
