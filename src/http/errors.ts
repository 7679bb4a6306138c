import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { StoreFault } from '../database/store-fault.ts'
import { faultName } from '../log.ts'
import type { AppEnv } from './app-env.ts'
import { STATUS_NAMES, type ErrorStatus } from './error-status.ts'

/** Seconds after which a request that met a failing store is worth another try. */
const STORE_RETRY_S = 1

/** A failed request, as the face that it came to words it. */
export type ErrorAnswer = {
  status: ErrorStatus
  message: string
  path: string
  /** Epoch ms of the request. */
  now: number
  /** What was thrown, for a face whose own errors say more. */
  error: unknown
}

/** How the errors below a path look: JSON, or text as it stands. */
export type ErrorRenderer = { mediaType: string; render: (answer: ErrorAnswer) => object | string }

/**
 * Renders whatever was thrown, once, in the words of the face. What we did not throw ourselves is our
 * fault, and its text stays inside: it may quote an address or a digest.
 *
 * @param rendererOf the renderer of a path.
 */
export function renderError(rendererOf: (path: string) => ErrorRenderer) {
  return function renderError(error: unknown, c: Context<AppEnv>): Response {
    const { path } = c.req
    const { mediaType, render } = rendererOf(path)
    const { status, message } = answerOf(error, c)
    const body = render({ status, message, path, now: c.get('now'), error })
    const headers = { 'Content-Type': mediaType }
    return typeof body === 'string' ? c.body(body, status, headers) : c.json(body, status, headers)
  }
}

function answerOf(error: unknown, c: Context<AppEnv>): Pick<ErrorAnswer, 'status' | 'message'> {
  // A status without a name was not thrown by us, so its text is not ours to show either.
  if (error instanceof HTTPException && isErrorStatus(error.status)) {
    return { status: error.status, message: error.message }
  }
  c.get('log').step = 'failed'
  c.get('log').fault = faultName(error)
  if (!isStoreFault(error)) return { status: 500, message: 'The request failed through a fault of ours.' }
  c.header('Retry-After', String(STORE_RETRY_S))
  return { status: 503, message: 'The service cannot reach its store. Try again.' }
}

function isErrorStatus(status: number): status is ErrorStatus {
  return Object.hasOwn(STATUS_NAMES, status)
}

/** Whether a store failed, is full, overloaded or out of reach: the caller may try again. */
function isStoreFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // The runtime marks an error so when the call did not reach D1, which then has no code of its own.
  const isCallFault = 'retryable' in error || 'overloaded' in error
  const isKnown =
    error instanceof StoreFault || isCallFault || / (?:D1_|SQLITE_|internal error)/.test(faultName(error))
  // Drizzle wraps what D1 has thrown.
  return isKnown || isStoreFault(error.cause)
}
