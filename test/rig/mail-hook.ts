import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'

/** A mail as a tenant's hook receives it. */
export type Mailed = {
  /** Idempotency id of the call. */
  id: string
  type: string
  to: string
  language: string
  subject: string
  text: string
  html: string
  userName?: string
  code?: string
  mode?: string
  expiresAt?: string
  notice?: string
  channel?: string
  reportUrl?: string
  who?: string
  whom?: string
  rules?: string
  reason?: string
}

/** A tenant's own mail service, on the internet: it takes only calls that are signed with its secret. */
export class MailHook {
  readonly url = `https://${crypto.randomUUID()}.mail.example/deliver`
  readonly secret = `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`
  /** What it answers: a status, or nothing at all, at once or never. */
  answer: number | 'unreachable' | 'hanging' = 200
  /** Every call, whatever was answered. */
  readonly calls: Mailed[] = []
  /** Those that it answered with 2xx. */
  readonly mails: Mailed[] = []

  /** For the policy of its tenant. */
  get policy() {
    return { mail: { hook: { url: this.url, secret: this.secret } } }
  }

  /** @param signal by which the caller gives up. */
  async receive(request: Request, signal?: AbortSignal | null): Promise<Response> {
    if (request.method !== 'POST' || request.redirect !== 'manual') throw new Error('not a hook call')
    const body = await request.text()
    const headers = Object.fromEntries(request.headers)
    const { type, data } = new Webhook(this.secret).verify(body, headers) as { type: string; data: Mailed }
    const mailed = { ...data, type, id: headers['webhook-id'] ?? '' }
    this.calls.push(mailed)
    if (this.answer === 'hanging') await givenUp(signal)
    if (this.answer === 'unreachable') throw new TypeError('Network connection lost.')
    if (typeof this.answer !== 'number') throw new Error('the hook answers after all')
    if (this.answer >= 200 && this.answer < 300) this.mails.push(mailed)
    const isRedirect = this.answer >= 300 && this.answer < 400
    return new Response('', {
      status: this.answer,
      headers: isRedirect ? { Location: 'https://elsewhere.example/' } : {},
    })
  }
}

/** Fails as a call does whose caller has given up, and not before. */
function givenUp(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

const hooks = new Map<string, MailHook>()

/** A hook of this test alone, in the place of the internet. */
export function newMailHook(): MailHook {
  const hook = new MailHook()
  hooks.set(hook.url, hook)
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    const called = hooks.get(request.url)
    if (called === undefined) throw new Error(`a call to ${request.url}, which no test knows`)
    return called.receive(request, init?.signal)
  })
  return hook
}
