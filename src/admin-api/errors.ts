import { STATUS_NAMES, type ErrorStatus } from '../error-status.ts'

/**
 * A failed request in the admin API's two shapes: `{code, description}` for a request that was wrong
 * in itself, the Spring object for everything else.
 */
export function adminError(status: ErrorStatus, message: string, path: string, now: number): object {
  const name = STATUS_NAMES[status]
  switch (status) {
    case 400:
    case 413:
    case 415:
    case 429: {
      const constant = name.toUpperCase().replaceAll(' ', '_')
      return { code: `${status} ${constant}`, description: message }
    }
    case 401:
    case 403:
    case 404:
    case 405:
    case 406:
    case 409:
    case 500:
    case 501:
    case 503:
      return { timestamp: now, status, error: name, message, path }
  }
}
