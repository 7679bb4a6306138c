import * as v from 'valibot'

/** Kinds of members that a policy has in several places. */

/** An object that has these members and no others. A list is refused, which valibot takes for an object. */
export function group<const Entries extends v.ObjectEntries>(entries: Entries) {
  const isNoList = v.custom<object>((value) => !Array.isArray(value), 'must be an object')
  return v.pipe(isNoList, v.strictObject(entries, 'must be an object'))
}

export function oneOf<const Options extends readonly string[]>(options: Options) {
  return v.picklist(options, `must be one of: ${options.join(', ')}`)
}

export function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message))
}

/** One line of text: a control character could end a header. */
export function shortText(max: number) {
  const message = `must be 1 to ${max} characters, none a control`
  return v.pipe(v.string(message), v.regex(new RegExp(`^[^\\p{Cc}]{1,${max}}$`, 'u'), message))
}

/** HTTPS, no credentials; plain HTTP to this machine alone, for local runs. */
export function httpsUrl() {
  const isAllowed = (text: string) => {
    if (!URL.canParse(text)) return false
    const { protocol, hostname, username, password } = new URL(text)
    const isLocal = protocol === 'http:' && ['localhost', '127.0.0.1'].includes(hostname)
    return (protocol === 'https:' || isLocal) && username === '' && password === ''
  }
  return v.pipe(v.string(), v.maxLength(2048), v.check(isAllowed, 'must be an https URL without credentials'))
}

/**
 * Standard Webhooks secret: `whsec_` and 24 to 64 bytes in base64, which are 32 to 86 symbols. Padding may
 * be left out. What is no base64 is refused here, since a receiver could not read it.
 */
export function hookSecret() {
  const pattern =
    /^whsec_(?=[^=]{32,86}=*$)(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
  return v.pipe(v.string(), v.regex(pattern, 'must be whsec_ and 24 to 64 bytes in base64'))
}
