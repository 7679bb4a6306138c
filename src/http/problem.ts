import { HTTPException } from 'hono/http-exception'
import type { InvalidMember } from '../invalid-member.ts'
import { STATUS_NAMES } from './error-status.ts'
import type { ErrorRenderer } from './errors.ts'

/** A request of which members are wrong: all are told at once, in words and as a list. */
export class InvalidMembers extends HTTPException {
  readonly errors: readonly InvalidMember[]

  constructor(errors: readonly InvalidMember[]) {
    super(400, { message: errors.map(({ member, problem }) => `${member} ${problem}.`).join(' ') })
    this.errors = errors
  }
}

/** Problem details (RFC 9457), where no dialect has errors of its own. */
export const problemErrors: ErrorRenderer = {
  mediaType: 'application/problem+json',
  render: ({ status, message, error }) => ({
    type: 'about:blank',
    title: STATUS_NAMES[status],
    status,
    detail: message,
    // An extension member (§3.2).
    ...(error instanceof InvalidMembers && { errors: error.errors }),
  }),
}
