import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { adminError } from '../api/admin/errors.ts'
import type { AppEnv } from './app-env.ts'
import { scimError } from '../api/scim/errors.ts'
import { STATUS_NAMES, type ErrorStatus } from './error-status.ts'
import { faultName } from '../log.ts'
import { fault } from '../api/password/errors.ts'
import { problem } from './problem.ts'
import { StoreFault } from '../database/store-fault.ts'

/** Seconds after which a request that met a failing store is worth another try. */
const STORE_RETRY_S = 1

/**
 * Renders whatever was thrown, once, in the dialect of the path. What we did not throw ourselves is
 * our fault, and its text stays inside: it may quote an address or a digest.
 */
export function renderError(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof HTTPException && error.status in STATUS_NAMES) {
    return render(c, error.status as ErrorStatus, error.message, error)
  }
  c.get('log').step = 'failed'
  c.get('log').fault = faultName(error)
  if (!isStoreFault(error)) return render(c, 500, 'The request failed through a fault of ours.', error)
  c.header('Retry-After', String(STORE_RETRY_S))
  return render(c, 503, 'The service cannot reach its store. Try again.', error)
}

/** D1 and Durable Objects that fail, are overloaded or move: the caller may try again. */
function isStoreFault(error: unknown): boolean {
  if (error instanceof StoreFault) return true
  const isDurableObjectFault = error instanceof Error && ('retryable' in error || 'overloaded' in error)
  return isDurableObjectFault || / D1_ERROR| D1_EXEC_ERROR/.test(faultName(error))
}

function render(c: Context<AppEnv>, status: ErrorStatus, message: string, error: unknown): Response {
  const { path } = c.req
  if (path.startsWith('/AdminInterface/')) {
    return c.json(adminError(status, message, path, c.get('now')), status)
  }
  if (path.startsWith('/api/')) return c.json(fault(status, message), status)
  if (path.startsWith('/scim/')) {
    return c.json(scimError(status, message, error), status, { 'Content-Type': 'application/scim+json' })
  }
  return c.json(problem(status, message), status, { 'Content-Type': 'application/problem+json' })
}
