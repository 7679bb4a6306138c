import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest'
import { readOperatorKeyFile } from '../../scripts/keys/key-file.ts'
import { bodyOf, operate } from '../../scripts/operator/operator-client.ts'
import { Rescind, verifyWebhook, WebhookError } from '@rescind/client'

/** What the service itself sends to a webhook, before and while its secret is changed. */

const received: { body: string; headers: IncomingHttpHeaders }[] = []
const server = createServer((request, response) => {
  void receive(request, response)
})

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  received.push({ body: await text(request), headers: request.headers })
  response.writeHead(204).end()
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

/** @returns the calls of what an administrator does to a user of these tests. */
async function callsOf(work: (rescind: Rescind, email: string) => PromiseLike<unknown>) {
  const situation = inject('situations')['unit']
  if (situation === undefined) throw new Error('no situation')
  received.length = 0
  const [email = ''] = situation.users
  await work(new Rescind({ baseUrl: situation.baseUrl, key: situation.key }), email)
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0), { timeout: 30_000, interval: 100 })
  return received.splice(0)
}

it('believes the calls of the service, with the old secret, the new one and both', async () => {
  const operator = readOperatorKeyFile(join(inject('home'), '.rescind', 'operator.key'))
  const call = async (path: string, body: object) =>
    bodyOf<{ id: string; secret: string }>(
      await operate(operator, 'POST', `/tenants/sdk/webhooks${path}`, body),
    )
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { id, secret } = await call('', { url, events: ['code.issued', 'code.voided'] })
  const [issued] = await callsOf((rescind, email) => rescind.codes.generate([email]))
  if (issued === undefined) throw new Error('no call')
  const event = await verifyWebhook(issued.body, issued.headers, secret)
  expect(event).toMatchObject({ type: 'code.issued', data: { tenantId: 'sdk', channel: 'DISPLAY' } })
  expect(event.id).toBe(issued.headers['webhook-id'])

  const { secret: next } = await call(`/${id}/secret`, {})
  const [voided] = await callsOf((rescind, email) => rescind.codes.void([email]))
  if (voided === undefined) throw new Error('no call')
  for (const secrets of [secret, next, [secret, next]]) {
    expect(await verifyWebhook(voided.body, voided.headers, secrets)).toMatchObject({ type: 'code.voided' })
  }
  await expect(verifyWebhook(issued.body, issued.headers, next)).rejects.toThrow(WebhookError)
})
