import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { LocalService } from './local-service.ts'

const service = new LocalService()

beforeAll(() => service.start())
afterAll(() => service.remove())

/** Three megabytes in chunks, whose length is not told beforehand. */
function* threeMegabytes() {
  for (let sent = 0; sent < 3_000_000; sent += 30_000) yield Buffer.alloc(30_000, ' ')
}

async function statusOfLargeBody(): Promise<number | undefined> {
  const sent = request(`${service.url}/api/passwordmanagement/sendPasswordResetCode`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
  })
  Readable.from(threeMegabytes()).pipe(sent)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

it('I2: a client that sends 3 MB in chunks reads a 413, however often it tries', async () => {
  const statuses: unknown[] = []
  for (let time = 0; time < 20; time += 1) statuses.push(await statusOfLargeBody())
  expect(statuses).toEqual(Array.from({ length: 20 }, () => 413))
})
