import { isText } from './check.ts'

/** What a call that failed has done: nothing, for certain; or perhaps what was asked, since no good answer says. */
export type Effect = 'none' | 'unknown'

type About = {
  /** HTTP status of the answer. */
  status?: number | undefined
  /** The answer's own code, such as `400 BAD_REQUEST`, `Client` or `invalid_client`; or a code of this package. */
  code?: string | undefined
  /** The `X-Request-Id` of the answer, which the service's log knows the request by. */
  requestId?: string | undefined
  /** How long the answer asks to wait. */
  retryAfterMs?: number | undefined
  effect?: Effect | undefined
  cause?: unknown
}

/** What every error of this package is, but for a wrong argument (`TypeError`) and an abort (the signal's reason). */
export class RescindError extends Error {
  override readonly name: string = 'RescindError'
  declare readonly status: number | undefined
  declare readonly code: string | undefined
  declare readonly requestId: string | undefined
  declare readonly retryAfterMs: number | undefined
  /** What the call has done, all of its attempts together. */
  effect: Effect = 'none'

  constructor(message: string, { cause, ...about }: About = {}) {
    super(message, { cause })
    Object.assign(this, about)
  }
}

/** No answer came, or none in time. */
export class ConnectionError extends RescindError {
  override readonly name = 'ConnectionError'
}

/** An answer that is no success: `status` and `code` say what it is. After a 4xx, nothing was done. */
export class AnswerError extends RescindError {
  override readonly name: string = 'AnswerError'
}

/** 401, or 403: the key, the client or the token is not good, or its role or scopes do not allow it. */
export class AuthorizationError extends AnswerError {
  override readonly name = 'AuthorizationError'
}

/** 401 of validate and redeem: the code is not good for this address. Nothing says why. */
export class CodeRefusedError extends AnswerError {
  override readonly name = 'CodeRefusedError'
}

/** 429: too many requests, and waiting for longer than the call may. */
export class RateLimitError extends AnswerError {
  override readonly name = 'RateLimitError'
}

/** Why a grant is not good. `used` is the word of the caller's own `useOnce`. */
export type GrantFault = 'malformed' | 'signature' | 'expired' | 'claim' | 'used'

/** The grant must not be accepted. */
export class GrantError extends RescindError {
  override readonly name = 'GrantError'
  declare readonly code: GrantFault
}

/** Why a webhook's call is not good. */
export type WebhookFault = 'headers' | 'timestamp' | 'signature' | 'body'

/** The call must not be believed. */
export class WebhookError extends RescindError {
  override readonly name = 'WebhookError'
  declare readonly code: WebhookFault
}

/** The error that an answer tells of, whichever dialect it speaks. */
export function errorOf({ status, headers }: Response, text: string): AnswerError {
  const body = parse(text)
  const first = (...names: string[]) => names.map((name) => body[name]).find(isText)
  const Kind =
    status === 429 ? RateLimitError : status === 401 || status === 403 ? AuthorizationError : AnswerError
  const words = first('description', 'faultstring', 'error_description', 'message')
  const after = headers.get('Retry-After') ?? ''
  // Seconds, or a date (RFC 9110 §10.2.3).
  const afterMs = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now()
  return new Kind(words ?? `The service answered ${status}.`, {
    status,
    code: first('code', 'faultcode', 'error'),
    requestId: requestIdOf(headers),
    retryAfterMs: Number.isNaN(afterMs) ? undefined : Math.max(0, afterMs),
    effect: status >= 400 && status < 500 ? 'none' : 'unknown',
  })
}

/** An answer that does not fit what was asked: then nobody knows what was done. */
export function strangeAnswer(requestId: string | undefined): AnswerError {
  return new AnswerError('The answer is strange.', { requestId, effect: 'unknown' })
}

/** @param text JSON of an object or a list; anything else holds nothing. */
export function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export function requestIdOf(headers: Headers): string | undefined {
  return headers.get('X-Request-Id') ?? undefined
}
