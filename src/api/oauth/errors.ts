import { HTTPException } from 'hono/http-exception'
import type { ErrorStatus } from '../../http/error-status.ts'
import type { ErrorRenderer } from '../../http/errors.ts'

/** The codes of RFC 6749 §5.2 that this endpoint answers with. */
export type OAuthErrorCode = 'invalid_request' | 'invalid_client' | 'invalid_scope' | 'unsupported_grant_type'

/** A refusal in the words of OAuth 2.0. */
export class OAuthError extends HTTPException {
  readonly code: OAuthErrorCode

  constructor(code: OAuthErrorCode, message: string) {
    super(code === 'invalid_client' ? 401 : 400, { message })
    this.code = code
  }
}

/** What is no error of the token endpoint by itself: too many requests, and faults of ours (as §4.1.2.1 calls them). */
const OTHER_CODES: Partial<Record<ErrorStatus, string>> = {
  429: 'temporarily_unavailable',
  500: 'server_error',
  503: 'temporarily_unavailable',
}

/** RFC 6749 §5.2. */
export const oauthErrors: ErrorRenderer = {
  mediaType: 'application/json',
  render: ({ status, message, error }) => ({
    error: error instanceof OAuthError ? error.code : (OTHER_CODES[status] ?? 'invalid_request'),
    error_description: message,
  }),
}
