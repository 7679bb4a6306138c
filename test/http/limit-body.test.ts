import { exports } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { BODY_BYTES_MAX } from '../../src/http/body.ts'
import { BASE_URL } from '../rig/service.ts'

const MIB = 1024 * 1024
const CHUNK = new Uint8Array(64 * 1024).fill(0x20)

/** A body of so many bytes in chunks, and how many of them have been taken. */
function chunkedBody(bytes: number) {
  const taken = { bytes: 0, isCancelled: false }
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const left = bytes - taken.bytes
      if (left <= 0) return controller.close()
      const chunk = CHUNK.slice(0, left)
      taken.bytes += chunk.length
      controller.enqueue(chunk)
    },
    cancel: () => {
      taken.isCancelled = true
    },
  })
  return { stream, taken }
}

const post = (body: BodyInit) =>
  exports.default.fetch(
    new Request(`${BASE_URL}/operator/v1/tenants/x`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body,
    }),
  )

describe('a body over the bound', () => {
  it('I2: of 3 MB in chunks is read to its end before the 413, or a sender loses the answer', async () => {
    const { stream, taken } = chunkedBody(3_000_000)
    expect((await post(stream)).status).toBe(413)
    expect(taken).toEqual({ bytes: 3_000_000, isCancelled: false })
  })

  it('I2: without end is cut off after 8 MiB', async () => {
    const { stream, taken } = chunkedBody(Infinity)
    expect((await post(stream)).status).toBe(413)
    expect(taken.bytes).toBeGreaterThanOrEqual(8 * MIB)
    expect(taken.bytes).toBeLessThan(9 * MIB)
  })

  it('I2: by one byte is refused, and one byte less is parsed, whatever its chunks', async () => {
    for (const [bytes, status] of [
      [BODY_BYTES_MAX, 401],
      [BODY_BYTES_MAX + 1, 413],
    ] as const) {
      expect((await post(chunkedBody(bytes).stream)).status).toBe(status)
      expect((await post(' '.repeat(bytes))).status).toBe(status)
    }
  })
})
