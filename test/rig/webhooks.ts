import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import type { Poke } from '../../src/webhooks/poke.ts'
import { handle } from './deliveries.ts'
import { expectStatus, operate, type Tenant } from './service.ts'

/** A tenant's webhook, on the internet, and the queues that bring it what happens, in slow motion. */

/** What a webhook is told. */
export type Told = {
  /** The `webhook-id`. */
  id: string
  type: string
  timestamp: string
  data: Record<string, unknown>
}

/** A receiver: it takes only calls that every secret which it has signed; one without secrets takes any. */
export class Receiver {
  readonly url = `https://${crypto.randomUUID()}.siem.example/events`
  secrets: string[] = []
  /** What it answers: a status, or nothing at all, at once or never. */
  answer: number | 'unreachable' | 'hanging' = 200
  /** Every call, whatever was answered, and the whole text of it. */
  readonly calls: Told[] = []
  readonly texts: string[] = []
  /** Those that it answered with 2xx. */
  readonly told: Told[] = []

  async receive(request: Request, signal?: AbortSignal | null): Promise<Response> {
    if (request.method !== 'POST' || request.redirect !== 'manual') throw new Error('not a webhook call')
    const body = await request.text()
    const headers = Object.fromEntries(request.headers)
    for (const secret of this.secrets) new Webhook(secret).verify(body, headers)
    const told = { ...(JSON.parse(body) as Omit<Told, 'id'>), id: headers['webhook-id'] ?? '' }
    this.calls.push(told)
    this.texts.push(JSON.stringify(headers) + body)
    if (this.answer === 'hanging') await givenUp(signal)
    if (this.answer === 'unreachable') throw new TypeError('Network connection lost.')
    if (typeof this.answer !== 'number') throw new Error('the webhook answers after all')
    if (this.answer >= 200 && this.answer < 300) this.told.push(told)
    const isRedirect = this.answer >= 300 && this.answer < 400
    return new Response('', {
      status: this.answer,
      headers: isRedirect ? { Location: 'https://elsewhere.example/' } : {},
    })
  }

  get types(): string[] {
    return this.told.map(({ type }) => type).toSorted()
  }
}

function givenUp(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

const receivers = new Map<string, Receiver>()

/** A receiver of this test alone, in the place of the internet. */
export function newReceiver(): Receiver {
  const receiver = new Receiver()
  receivers.set(receiver.url, receiver)
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    const called = receivers.get(request.url)
    if (called === undefined) throw new Error(`a call to ${request.url}, which no test knows`)
    return called.receive(request, init?.signal)
  })
  return receiver
}

export type WebhookRecord = {
  id: string
  url: string
  secret?: string
  events: string[]
  enabled: boolean
  disabledAs?: string
}

/** A webhook of the tenant, whose pokes the test makes: the service's own are off, but for one after 30 seconds. */
export async function addWebhook(tenant: Tenant, receiver: Receiver, wanted: object = {}) {
  const response = await operate('POST', `/tenants/${tenant.id}/webhooks`, { url: receiver.url, ...wanted })
  await expectStatus(201, response)
  const webhook = await response.json<WebhookRecord>()
  receiver.secrets = [webhook.secret ?? '']
  await env.DB.prepare('UPDATE tenants SET has_webhooks = 0 WHERE id = ?').bind(tenant.id).run()
  return webhook
}

/** Has no webhook called any more: the queue of the service outlives a test, and the receivers do not. */
export async function retireWebhooks(): Promise<void> {
  await env.DB.exec("UPDATE webhooks SET disabled_at = 1, disabled_as = 'operator' WHERE disabled_at IS NULL")
}

export type DeliveryRecord = {
  eventId: string
  type: string
  state: string
  attempts: number
  lastStatus?: string
  nextAttemptAt?: string
}

/** The log of deliveries, newest first. */
export async function deliveriesOf(tenant: Tenant, { id }: WebhookRecord): Promise<DeliveryRecord[]> {
  const response = await operate('GET', `/tenants/${tenant.id}/webhooks/${id}/deliveries?limit=500`)
  await expectStatus(200, response)
  return (await response.json<{ deliveries: DeliveryRecord[] }>()).deliveries
}

export async function recordOf(tenant: Tenant, { id }: WebhookRecord): Promise<WebhookRecord> {
  const response = await operate('GET', `/tenants/${tenant.id}/webhooks/${id}`)
  await expectStatus(200, response)
  return response.json()
}

type Queued = { body: Poke; dueAt: number }

/** The two queues of webhooks: each message is handled when it is due, by a clock that the test moves. */
export class WebhookQueues {
  readonly #fast: Queued[] = []
  readonly #slow: Queued[] = []

  /** What the slow queue holds, with the seconds until it comes. */
  get slow(): { body: Poke; inS: number }[] {
    return this.#slow.map(({ body, dueAt }) => ({
      body,
      inS: Math.max(0, Math.round((dueAt - Date.now()) / 1_000)),
    }))
  }

  /** Forgets all messages, as a queue that loses them. */
  lose(): void {
    this.#fast.length = 0
    this.#slow.length = 0
  }

  get bindings(): Partial<Env> {
    return { WEBHOOKS: queueOf(this.#fast), SLOW_WEBHOOKS: queueOf(this.#slow) }
  }

  /** Has the tenant looked at, and whatever follows from it that is due now. */
  async poke({ id }: Tenant): Promise<void> {
    this.#fast.push({ body: { tenantId: id }, dueAt: Date.now() })
    await this.run()
  }

  /** Handles what is due. */
  async run(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      const [fast, slow] = [takeDue(this.#fast), takeDue(this.#slow)]
      if (fast.length + slow.length === 0) return
      await this.#handle(fast, 'rescind-webhooks')
      await this.#handle(slow, 'rescind-slow-webhooks')
    }
    throw new Error('the queues of webhooks never come to rest')
  }

  /** Lets time pass, and handles what becomes due by then. */
  async after(ms: number): Promise<void> {
    const until = Date.now() + ms
    for (;;) {
      const next = Math.min(...[...this.#fast, ...this.#slow].map(({ dueAt }) => dueAt))
      if (next > until) break
      vi.setSystemTime(Math.max(next, Date.now()))
      await this.run()
    }
    vi.setSystemTime(until)
  }

  async #handle(messages: readonly Queued[], queue: string): Promise<void> {
    if (messages.length === 0) return
    const handled = await handle(
      messages.map(({ body }) => body),
      { queue, bindings: this.bindings },
    )
    if (handled.some((end) => end !== 'ack')) throw new Error(`not handled: ${handled.join()}`)
  }
}

function takeDue(queue: Queued[]): Queued[] {
  const due = queue.filter(({ dueAt }) => dueAt <= Date.now())
  const later = queue.filter(({ dueAt }) => dueAt > Date.now())
  queue.splice(0, queue.length, ...later)
  return due
}

function queueOf(messages: Queued[]): Queue {
  const add = (body: unknown, delayS = 0) => {
    messages.push({ body: body as Poke, dueAt: Date.now() + delayS * 1_000 })
  }
  const queue = {
    send: async (body: unknown, options?: QueueSendOptions) => add(body, options?.delaySeconds),
    sendBatch: async (batch: Iterable<MessageSendRequest>) => {
      for (const { body, delaySeconds } of batch) add(body, delaySeconds)
    },
  }
  return queue as unknown as Queue
}
