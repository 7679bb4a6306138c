import { UserError } from '../user-error.ts'
import { bearerToken } from '../keys/bearer-token.ts'
import type { OperatorKeyFile } from '../keys/key-file.ts'

const DEADLINE_MS = 15_000

/** What the service has refused, in its words. */
export class RefusalError extends UserError {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * Calls the operator API as the holder of the key file; `path` from after `/operator/v1`.
 *
 * @throws {UserError} when nothing answers, or the key is not accepted.
 */
export async function operate(
  key: OperatorKeyFile,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const headers = { Authorization: `Bearer ${await bearerToken(key)}`, 'Content-Type': 'application/json' }
  let response: Response
  try {
    response = await fetch(`${key.baseUrl}/operator/v1${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: 'error',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch (cause) {
    const advice = isLocal(key.baseUrl) ? ' Start it with: npm start' : ''
    throw new UserError(`Nothing answers on ${key.baseUrl}, which the operator's key file names.${advice}`, {
      cause,
    })
  }
  if (response.status !== 401) return response
  throw new UserError(
    `${key.baseUrl} does not accept the operator's key. It is another service's, or was replaced, or this machine's clock is wrong.`,
  )
}

/**
 * The body of a good answer.
 *
 * @throws {RefusalError} in the words of the service, else.
 */
export async function bodyOf<Body>(response: Response): Promise<Body> {
  const body = await response.json<Body & { detail?: unknown }>().catch(() => undefined)
  if (response.ok && body !== undefined) return body
  const words = typeof body?.detail === 'string' ? body.detail : 'It is not the service that it should be.'
  throw new RefusalError(
    response.status,
    `${new URL(response.url).origin} answered ${response.status}: ${words}`,
  )
}

/** Whether the service of a key file runs on this machine. */
export function isLocal(baseUrl: string): boolean {
  return ['localhost', '127.0.0.1'].includes(new URL(baseUrl).hostname)
}
