import { isRecord } from '../record.ts'

/** Cloudflare's check that a person fills in a form, where a tenant wants it: its widget and our side of it. */

export const TURNSTILE_ORIGIN = 'https://challenges.cloudflare.com'
export const TURNSTILE_SCRIPT = `${TURNSTILE_ORIGIN}/turnstile/v0/api.js`
/** The field that the widget adds to its form. */
export const TURNSTILE_FIELD = 'cf-turnstile-response'

const VERIFY_URL = `${TURNSTILE_ORIGIN}/turnstile/v0/siteverify`
const DEADLINE_MS = 5_000
/** Cloudflare's bound on a token. */
const TOKEN_LENGTH_MAX = 2_048

/**
 * Whether the widget's token is good, which it is once. What cannot be asked is refused: a limit that opens when
 * it is overwhelmed is none.
 *
 * @param address of the client, where it is known.
 */
export async function isHuman(secret: string, token: string, address: string | undefined): Promise<boolean> {
  if (token === '' || token.length > TOKEN_LENGTH_MAX) return false
  try {
    const response = await fetch(VERIFY_URL, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
      body: new URLSearchParams({
        secret,
        response: token,
        ...(address !== undefined && { remoteip: address }),
      }),
    })
    const answer: unknown = await response.json()
    return isRecord(answer) && answer['success'] === true
  } catch {
    return false
  }
}
