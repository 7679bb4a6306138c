import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/** The bound on every request body; larger ones are refused unread. */
export const BODY_BYTES_MAX = 64 * 1024

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

/** The media type of the body, lower case and without parameters; empty when none is named. */
export function mediaType(c: Context): string {
  return (c.req.header('Content-Type') ?? '').replace(/;.*/s, '').trim().toLowerCase()
}

/**
 * The body as text.
 *
 * @throws {HTTPException} 415 for another charset or a compressed body, 400 for bytes that are not UTF-8.
 */
export async function readText(c: Context): Promise<string> {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(c.req.header('Content-Type') ?? '')?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new HTTPException(415, { message: 'Send the body as UTF-8.' })
  }
  const encoding = c.req.header('Content-Encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw new HTTPException(415, { message: 'Send the body without Content-Encoding.' })
  }
  try {
    return UTF8.decode(await c.req.arrayBuffer())
  } catch {
    throw new HTTPException(400, { message: 'The body is not valid UTF-8.' })
  }
}

/**
 * The body as JSON. A body without a Content-Type is taken as JSON: real clients of the admin API
 * send none.
 *
 * @throws {HTTPException} 415 for another media type, 400 for what is not one JSON value.
 */
export async function readJson(c: Context): Promise<unknown> {
  if (!/^(?:application\/(?:[\w.-]+\+)?json)?$/.test(mediaType(c))) {
    throw new HTTPException(415, { message: 'Send the body as application/json.' })
  }
  return parseJson(await readText(c))
}

/** @throws {HTTPException} 400 for what is not one JSON value, or names a member twice. */
export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    const message = text.trim() === '' ? 'The body is empty: send JSON.' : 'The body is not valid JSON.'
    throw new HTTPException(400, { message })
  }
  // Two readers of one document must not see two meanings (RFC 8259 §4). In valid JSON every member
  // has one colon outside strings, so a member that was overwritten leaves a colon over.
  const colons = text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/:/g)?.length ?? 0
  if (colons !== countMembers(value)) {
    throw new HTTPException(400, { message: 'The body names a member twice.' })
  }
  return value
}

function countMembers(value: unknown): number {
  let count = 0
  for (const open = [value]; open.length > 0;) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    const values: unknown[] = Object.values(next)
    if (!Array.isArray(next)) count += values.length
    for (const each of values) open.push(each)
  }
  return count
}
