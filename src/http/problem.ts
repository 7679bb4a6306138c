import { STATUS_NAMES } from './error-status.ts'
import type { ErrorRenderer } from './errors.ts'

/** Problem details (RFC 9457), where no dialect has errors of its own. */
export const problemErrors: ErrorRenderer = {
  mediaType: 'application/problem+json',
  render: ({ status, message }) => ({
    type: 'about:blank',
    title: STATUS_NAMES[status],
    status,
    detail: message,
  }),
}
