import { STATUS_NAMES, type ErrorStatus } from '../../http/error-status.ts'
import type { ErrorRenderer } from '../../http/errors.ts'

/** Statuses of a request that was wrong in itself. */
const REQUEST_FAULTS = new Set<ErrorStatus>([400, 413, 415, 422, 429])

/**
 * The admin API's two shapes: `{code, description}` for a request that was wrong in itself, the Spring
 * object for everything else.
 */
export const adminErrors: ErrorRenderer = {
  mediaType: 'application/json',
  render({ status, message, path, now }) {
    const error = STATUS_NAMES[status]
    return REQUEST_FAULTS.has(status)
      ? { code: `${status} ${error.toUpperCase().replaceAll(' ', '_')}`, description: message }
      : { timestamp: now, status, error, message, path }
  },
}
