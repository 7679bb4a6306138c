import { generateKeyPairSync } from 'node:crypto'
import { Rescind, type ApiKeyFile, type RescindOptions } from '@rescind/client'

/** A transport that fails as networks and overloaded services do, which the real one cannot be made to. */

export type Sent = { url: string; headers: Record<string, string>; body: string; atMs: number }
type Init = { body: string | URLSearchParams; headers: Record<string, string>; signal: AbortSignal }
type Answering = (sent: Sent, count: number) => Response | Promise<Response>

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const KEY: ApiKeyFile = {
  accessID: 'a key of nobody',
  accessKey: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
  adminRestApiUrl: 'https://rescind.example/AdminInterface/restapi',
}

export const BASE_URL = 'https://reset.acme.example'

/** A client whose calls are answered here, and what it has sent. */
export function scripted(answering: Answering, options: Partial<RescindOptions> = {}) {
  const sent: Sent[] = []
  let running = 0
  const most = { running: 0 }
  const fetch = async (url: string, init: Init) => {
    init.signal.throwIfAborted()
    const headers = Object.fromEntries(new Headers(init.headers))
    const each = { url, headers, body: String(init.body), atMs: Date.now() }
    sent.push(each)
    running += 1
    most.running = Math.max(most.running, running)
    try {
      return await orAborted(Promise.resolve(answering(each, sent.length)), init.signal)
    } finally {
      running -= 1
    }
  }
  const rescind = new Rescind({
    baseUrl: BASE_URL,
    key: KEY,
    fetch: fetch as typeof globalThis.fetch,
    ...options,
  })
  return { rescind, sent, most }
}

function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
    }),
  ])
}

/** What the service answers to a void: each address in its order. */
export function voided({ body }: Sent): Response {
  const { user_emails: emails } = JSON.parse(body) as { user_emails: string[] }
  const results = emails.map((user_email) => ({ status: 1016, user_email }))
  return Response.json({ results }, { headers: { 'X-Request-Id': 'good' } })
}

export function refusal(status: number, headers: Record<string, string> = {}): Response {
  const body = { code: `${status} WORDS`, description: 'In words.' }
  return Response.json(body, { status, headers: { 'X-Request-Id': `r${status}`, ...headers } })
}

export function usersOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `user${index}@example.com`)
}
