import type { ErrorStatus } from '../../http/error-status.ts'
import type { ErrorRenderer } from '../../http/errors.ts'

/** A failed request of the password API. Whose fault it is follows from the status. */
export function fault(status: ErrorStatus, message: string): object {
  return { faultcode: status >= 500 ? 'Server' : 'Client', faultstring: message }
}

export const passwordErrors: ErrorRenderer = {
  mediaType: 'application/json',
  render: ({ status, message }) => fault(status, message),
}
