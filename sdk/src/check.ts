/** What callers hand over is checked before anything is sent: a TypeError names it, and never quotes it. */

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** @throws {TypeError} unless what is named is as it must be. */
export function must(isGood: boolean, name: string, what: string): asserts isGood {
  if (!isGood) throw new TypeError(`${name} must be ${what}.`)
}

/** @throws {TypeError} when it is not a whole number from `min` to `max`. */
export function whole(name: string, value: unknown, min: number, max: number): number {
  const isGood = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max
  must(isGood, name, `a whole number from ${min} to ${max}`)
  return value
}

/** @throws {TypeError} when it is no text, or empty. */
export function text(name: string, value: unknown): string {
  must(isText(value), name, 'text')
  return value
}

const LOOPBACK = /^http:\/\/(.+\.)?(localhost|127\.[\d.]+|\[::1\])(:|$)/

/**
 * A URL that secrets may be sent to: https, or http of this machine.
 *
 * @throws {TypeError}
 */
export function serviceUrl(name: string, value: unknown): URL {
  const url = new URL(text(name, value))
  must(url.protocol === 'https:' || LOOPBACK.test(url.origin), name, 'https, or http of this machine')
  return url
}

/** @throws {TypeError} for a URL with a path, a query or a user, too. */
export function serviceOrigin(name: string, value: unknown): string {
  const { href, origin } = serviceUrl(name, value)
  must(href === `${origin}/`, name, 'an origin alone')
  return origin
}
