import { ConnectionError, errorOf, requestIdOf, RescindError, type Effect } from './errors.ts'
import type { KeyRing } from './key.ts'
import { orAborted, sleep, type Queue } from './wait.ts'

/** How the service is reached. */
export type Transport = { fetch: typeof fetch; timeoutMs: number }

export type Answer = { text: string; requestId: string | undefined }

type Attempt = {
  url: string
  /** A form, or what is sent as JSON. */
  body: URLSearchParams | object
  headers?: Record<string, string> | undefined
  /** Makes a call that may be repeated whatever became of it: the service has it done once. */
  idempotencyKey?: string
  signal: AbortSignal | undefined
}

export type Call = Attempt & {
  /** Whose token the call needs. */
  keyRing?: KeyRing
  /** The longest that the call may wait in all, between its attempts. */
  waitMs: number
  /** Where calls wait that are told to by one limit. */
  queue?: Queue
}

/** How often a call is made again that got no good answer. What waits for its turn counts in `waitMs` alone. */
const REPEATS_MAX = 5
/** Also where the service asks for no pause at all: who is told to wait never comes back in a tight loop. */
const PAUSE_MS = 250
/** After a 429 that does not say for how long. */
const PAUSE_MS_MAX = 8_000

/**
 * Makes a call, and makes it again where that is safe.
 *
 * @throws {RescindError} what became of the last attempt; the signal's reason when it is aborted.
 */
export async function callService(transport: Transport, call: Call): Promise<Answer> {
  const { idempotencyKey, signal, queue } = call
  let leftMs = call.waitMs
  let repeats = 0
  let effect: Effect = 'none'
  for (;;) {
    try {
      return await withToken(transport, call)
    } catch (error) {
      if (!(error instanceof RescindError)) throw error
      // What an earlier attempt may have done, no later refusal takes back.
      if (error.effect === 'unknown') effect = 'unknown'
      error.effect = effect
      const waitMs = pauseBefore(error, idempotencyKey !== undefined, repeats)
      if (waitMs === undefined || waitMs > leftMs) throw error
      leftMs -= waitMs
      const isLimited = error.status === 429
      if (!isLimited) repeats += 1
      await (isLimited && queue ? queue : sleep)(waitMs, signal)
    }
  }
}

/**
 * How long to wait before a call is made again, if it may be. A 429 has done nothing, whatever was called. After any
 * other failure only a call with an Idempotency-Key is made again: the service has done it, or not, or does it at this
 * moment (409), and the same key gets the one answer.
 */
function pauseBefore(
  { status = 0, retryAfterMs }: RescindError,
  isRepeatable: boolean,
  repeats: number,
): number | undefined {
  const isLimited = status === 429
  const isOver = status >= 400 && status < 500 && !(status === 409 && retryAfterMs !== undefined)
  if (!isLimited && (!isRepeatable || isOver || repeats >= REPEATS_MAX)) return undefined
  const backoffMs = PAUSE_MS * 2 ** repeats
  return Math.max(PAUSE_MS, retryAfterMs ?? (isLimited ? PAUSE_MS_MAX : backoffMs * (1 + Math.random())))
}

/** A token that is not taken is replaced once: it may have ended by the service's clock, or with a key of the service. */
async function withToken(transport: Transport, call: Call): Promise<Answer> {
  const { keyRing, signal, headers } = call
  if (keyRing === undefined) return attempt(transport, call)
  const token = await keyRing.bearer(signal)
  const withBearer = (bearer: string) =>
    attempt(transport, { ...call, headers: { ...headers, Authorization: `Bearer ${bearer}` } })
  try {
    return await withBearer(token)
  } catch (error) {
    if (!(error instanceof RescindError) || error.status !== 401) throw error
    return withBearer(await keyRing.bearer(signal, token))
  }
}

/** @throws {RescindError} when there is no good answer; the signal's reason when it is aborted. */
export async function attempt(
  { fetch, timeoutMs }: Transport,
  { url, body, headers, idempotencyKey, signal }: Attempt,
): Promise<Answer> {
  signal?.throwIfAborted()
  const late = AbortSignal.timeout(timeoutMs)
  const isJson = !(body instanceof URLSearchParams)
  const either = signal ? AbortSignal.any([signal, late]) : late
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        ...headers,
        ...(isJson && { 'Content-Type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'Idempotency-Key': `"${idempotencyKey}"` }),
      },
      body: isJson ? JSON.stringify(body) : body,
      // A redirect would take the token along to who knows where.
      redirect: 'manual',
      // No call is of a browser's session. Workers know no such thing, and refuse to hear of it.
      ...('credentials' in Request.prototype && { credentials: 'omit' }),
      signal: either,
    })
    text = await orAborted(response.text(), either)
  } catch (cause) {
    signal?.throwIfAborted()
    const words = late.aborted ? `No answer within ${timeoutMs} ms.` : 'No answer came.'
    throw new ConnectionError(words, { effect: 'unknown', cause })
  }
  if (!response.ok) throw errorOf(response, text)
  return { text, requestId: requestIdOf(response.headers) }
}
