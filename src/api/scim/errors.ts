import { HTTPException } from 'hono/http-exception'
import type { ErrorRenderer } from '../../http/errors.ts'

/** Detail error keywords of RFC 7644 §3.12 that this directory uses. */
export type ScimType =
  | 'invalidFilter'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'invalidValue'
  | 'mutability'
  | 'tooMany'
  | 'uniqueness'

/** A refusal that SCIM has a keyword for. */
export class ScimException extends HTTPException {
  readonly scimType: ScimType

  constructor(status: 400 | 409, scimType: ScimType, message: string) {
    super(status, { message })
    this.scimType = scimType
  }
}

/** RFC 7644 §3.12. */
export const scimErrors: ErrorRenderer = {
  mediaType: 'application/scim+json',
  render: ({ status, message, error }) => ({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(error instanceof ScimException && { scimType: error.scimType }),
    detail: message,
  }),
}
