import { bytesOf } from './base64.ts'
import { isRecord, isText, must, whole } from './check.ts'
import { parse, WebhookError, type WebhookFault } from './errors.ts'
import type { components } from './openapi.ts'

/** What has happened. More types may come: what you do not know, answer with 204. */
export type WebhookEvent = {
  /** `Webhook-Id`: the same at every attempt. Remember those that you have handled. */
  id: string
  type: components['schemas']['WebhookDelivery']['type']
  timestamp: Date
  data: Record<string, unknown>
}

export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>

export type WebhookOptions = {
  /** How old a call may be, and how far ahead of this clock: 300 seconds by default. */
  toleranceS?: number | undefined
}

/** While a secret is changed, calls have two signatures. */
const SIGNATURES_MAX = 10

const HMAC = { name: 'HMAC', hash: 'SHA-256' }

/**
 * Verifies a call as Standard Webhooks has it: one of the webhooks of a tenant, and its hooks.
 *
 * @param body as it came, unparsed: what is made of it again has other bytes.
 * @param secrets one, or during a change both: `whsec_` and base64.
 * @throws {WebhookError} when the call must not be believed.
 * @throws {TypeError} for a secret that is none, or another wrong argument.
 */
export async function verifyWebhook(
  body: string | Uint8Array | ArrayBuffer,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { toleranceS = 300 }: WebhookOptions = {},
): Promise<WebhookEvent> {
  const skewMaxS = whole('toleranceS', toleranceS, 1, 86_400)
  const keys = [secrets].flat().map(secretOf)
  const text =
    typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(body)
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers)
  const [id, sentAtS, signatures] = ['id', 'timestamp', 'signature'].map(
    (name) => entries.find(([each]) => each.toLowerCase() === `webhook-${name}`)?.[1],
  )
  if (!isText(id) || !isText(sentAtS) || !isText(signatures)) throw fault('headers')
  const skewS = Math.abs(Date.now() / 1000 - Number(sentAtS))
  if (!/^\d+$/.test(sentAtS) || skewS > skewMaxS) throw fault('timestamp')
  const signed = new TextEncoder().encode(`${id}.${sentAtS}.${text}`)
  const candidates = signatures
    .split(' ', SIGNATURES_MAX)
    .flatMap((each) => (each.startsWith('v1,') ? (bytesOf(each.slice(3)) ?? []) : []))
  // Each is compared in constant time, and all of them, whichever fits.
  const fits = await Promise.all(
    keys.map(async (secret) => {
      const key = await crypto.subtle.importKey('raw', secret, HMAC, false, ['verify'])
      return Promise.all(candidates.map((each) => crypto.subtle.verify('HMAC', key, each, signed)))
    }),
  )
  if (!fits.flat().includes(true)) throw fault('signature')
  const { type, timestamp, data } = parse(text)
  const at = new Date(String(timestamp))
  if (!isText(type) || !isRecord(data) || Number.isNaN(at.getTime())) throw fault('body')
  return { id, type, timestamp: at, data }
}

/** @throws {TypeError} that never says what is in it. */
function secretOf(secret: unknown): Uint8Array<ArrayBuffer> {
  const raw = isText(secret) && secret.startsWith('whsec_') ? bytesOf(secret.slice(6)) : undefined
  must(
    raw !== undefined && raw.length >= 24 && raw.length <= 64,
    'secrets',
    '`whsec_` and 24 to 64 bytes in base64',
  )
  return raw
}

function fault(code: WebhookFault): WebhookError {
  return new WebhookError(`The call is not good: ${code}.`, { code })
}
