import { HTTPException } from 'hono/http-exception'
import type { ErrorRenderer } from '../../http/errors.ts'

/** Detail error keywords of RFC 7644 §3.12 and RFC 9865 §2 that this directory uses. */
export type ScimType =
  | 'invalidFilter'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'invalidValue'
  | 'mutability'
  | 'tooMany'
  | 'noTarget'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount'
  | 'uniqueness'

/** A refusal that SCIM has a keyword for. */
export class ScimException extends HTTPException {
  readonly scimType: ScimType

  constructor(status: 400 | 409, scimType: ScimType, message: string) {
    super(status, { message })
    this.scimType = scimType
  }
}

export function notUnique(): ScimException {
  return new ScimException(409, 'uniqueness', 'Another user has this userName or this e-mail address.')
}

/** RFC 7644 §3.12. */
export const scimErrors: ErrorRenderer = {
  mediaType: 'application/scim+json',
  render: scimError,
}

/** The body of a refusal. */
export function scimError({ status, message, error }: { status: number; message: string; error: unknown }) {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    ...(error instanceof ScimException && { scimType: error.scimType }),
    detail: message,
  }
}
