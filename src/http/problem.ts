import { STATUS_NAMES, type ErrorStatus } from './error-status.ts'

/** Problem details (RFC 9457) of a failed request outside the dialects. */
export function problem(status: ErrorStatus, message: string): object {
  return { type: 'about:blank', title: STATUS_NAMES[status], status, detail: message }
}
