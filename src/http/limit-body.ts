import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from './app-env.ts'
import { BODY_BYTES_MAX } from './body.ts'

/** Bytes of a body too large that are read and thrown away. What declares or sends more is cut off. */
const DISCARDED_BYTES_MAX = 8 * 1024 * 1024

/**
 * Refuses a body over the bound before any of it is parsed. It is read to its end all the same, up to a bound of
 * its own: whoever is cut off while sending sees a broken connection instead of the answer. hono's `bodyLimit`
 * stops reading.
 *
 * @param except paths whose routes limit their bodies themselves, once they know who sends them.
 * @throws {HTTPException} 413.
 */
export function limitBody(bytesMax = BODY_BYTES_MAX, except: readonly string[] = []) {
  return createMiddleware<AppEnv>(async function limitBody(c, next) {
    if (except.includes(c.req.path)) return next()
    const { body } = c.req.raw
    const declared = declaredBytes(c.req.raw)
    if (body !== null && !(declared <= bytesMax)) {
      const bytes = declared > DISCARDED_BYTES_MAX ? undefined : await readBounded(body, bytesMax)
      if (bytes === undefined) {
        throw new HTTPException(413, { message: `The body is over ${bytesMax} bytes.` })
      }
      c.req.raw = new Request(c.req.raw, { method: c.req.method, body: bytes })
    }
    return next()
  })
}

/** What the runtime holds the body to; nothing for one that is sent in chunks. */
function declaredBytes({ headers }: Request): number {
  return headers.has('Transfer-Encoding') ? NaN : Number(headers.get('Content-Length') ?? NaN)
}

/** The whole body, or nothing when it is over the bound. */
async function readBounded(
  body: ReadableStream<Uint8Array>,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.byteLength
    if (bytes <= bytesMax) chunks.push(chunk)
    if (bytes > DISCARDED_BYTES_MAX) break
  }
  return bytes > bytesMax ? undefined : Buffer.concat(chunks)
}
