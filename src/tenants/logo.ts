/** A tenant's logo: a PNG or SVG picture as a `data:` URL in base64. */

export const LOGO_BYTES_MAX = 32 * 1024
const FORM = /^data:image\/(png|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})$/
const PNG_START = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

/**
 * What an SVG that is a picture and nothing more does not have: scripts, handlers, documents inside, entities,
 * and links to elsewhere. It is served so that none of them would work; this is the second lock.
 */
const NOT_IN_A_PICTURE =
  /<\s*(?:[\w-]+:)?(?:script|foreignObject|iframe|handler|set|animate\w*)\b|<!(?:DOCTYPE|ENTITY)|<\?xml-stylesheet|\son\w+\s*=|(?:href|src)\s*=\s*["']?(?!\s*["']?#)|url\(\s*["']?(?!["']?#)|@import|javascript:/i

export type Logo = { mediaType: 'image/png' | 'image/svg+xml'; bytes: Uint8Array }

/** What is wrong with a logo, as the words that follow the member's name; nothing where it is good. */
export function logoFault(dataUrl: string): string | undefined {
  const logo = readLogo(dataUrl)
  if (logo === undefined) return 'must be data:image/png;base64, or data:image/svg+xml;base64, and base64'
  const { mediaType, bytes } = logo
  if (bytes.byteLength > LOGO_BYTES_MAX) return `is over ${LOGO_BYTES_MAX} bytes`
  if (mediaType === 'image/png') {
    return PNG_START.equals(bytes.subarray(0, PNG_START.length)) ? undefined : 'is no PNG'
  }
  return svgFault(bytes)
}

/** The picture of a logo; nothing where the text is none. */
export function readLogo(dataUrl: string): Logo | undefined {
  const [, type, base64 = ''] = FORM.exec(dataUrl) ?? []
  if (type === undefined) return undefined
  return { mediaType: `image/${type}` as Logo['mediaType'], bytes: Buffer.from(base64, 'base64') }
}

/** A file as a logo; nothing where it begins as neither kind does. */
export function logoOfFile(bytes: Uint8Array): string | undefined {
  const file = Buffer.from(bytes)
  const isPng = PNG_START.equals(file.subarray(0, PNG_START.length))
  if (!isPng && !/^\s*</.test(file.toString('latin1', 0, 100).replace(/^\xef\xbb\xbf/, ''))) return undefined
  return `data:image/${isPng ? 'png' : 'svg+xml'};base64,${file.toString('base64')}`
}

function svgFault(bytes: Uint8Array): string | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return 'is no SVG in UTF-8'
  }
  if (!/^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->)[^])*-->\s*)*<svg[\s>][^]*<\/svg>\s*$/.test(text))
    return 'is no SVG'
  return NOT_IN_A_PICTURE.test(text)
    ? 'must be a picture alone: no script, handler, animation, entity or link to elsewhere'
    : undefined
}
