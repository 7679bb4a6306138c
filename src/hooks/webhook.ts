import { createHmac } from 'node:crypto'
import { isAllowedTarget } from './target.ts'

/** A tenant's HTTPS endpoint and the secret that our calls to it are signed with. */
export type Hook = {
  url: string
  secret: string
  /** The secret before it, while receivers change over: calls are signed with both. */
  oldSecret?: string | undefined
}

export type HookCall = {
  hook: Hook
  /** Idempotency id: the same for every attempt at the same thing. */
  id: string
  type: string
  data: object
  now: number
  /** When what it tells has happened, where that is not now. */
  occurredAt?: number
}

export type HookAnswer =
  | { tag: 'answered'; status: number; body: string }
  | { tag: 'unreachable' }
  /** It has not answered within its deadline. */
  | { tag: 'late' }

/** A hook that has not answered within this time has failed. */
export const HOOK_DEADLINE_MS = 5_000
/** The rest of a longer answer is not read. */
const ANSWER_BYTES_MAX = 4_096

/**
 * Calls a tenant's hook as Standard Webhooks: signed, with an idempotency id, a deadline and no
 * redirect, so that an answer cannot send us elsewhere.
 *
 * @param deadlineMs how long it may take.
 */
export async function callHook(
  { hook, id, type, data, now, occurredAt = now }: HookCall,
  isLocalRun: boolean,
  deadlineMs = HOOK_DEADLINE_MS,
): Promise<HookAnswer> {
  if (!isAllowedTarget(hook.url, isLocalRun)) return { tag: 'unreachable' }
  const timestamp = String(Math.floor(now / 1000))
  const body = JSON.stringify({ type, timestamp: new Date(occurredAt).toISOString(), data })
  const signal = AbortSignal.timeout(deadlineMs)
  try {
    const response = await fetch(hook.url, {
      method: 'POST',
      redirect: 'manual',
      signal,
      headers: {
        'Content-Type': 'application/json',
        'Webhook-Id': id,
        'Webhook-Timestamp': timestamp,
        'Webhook-Signature': signatures(hook, `${id}.${timestamp}.${body}`),
      },
      body,
    })
    // The status is what counts. Losing the rest of the answer does not undo what the hook has done.
    const start = await readStart(response).catch(() => '')
    return { tag: 'answered', status: response.status, body: start }
  } catch {
    return { tag: signal.aborted ? 'late' : 'unreachable' }
  }
}

function signatures({ secret, oldSecret }: Hook, content: string): string {
  const secrets = oldSecret === undefined ? [secret] : [secret, oldSecret]
  return secrets.map((each) => signature(each, content)).join(' ')
}

/** Standard Webhooks, symmetric signature: the secret is base64 behind its prefix. */
function signature(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}

async function readStart(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    text += decoder.decode(chunk.subarray(0, ANSWER_BYTES_MAX), { stream: true })
    if (bytes >= ANSWER_BYTES_MAX) break
  }
  return text
}
