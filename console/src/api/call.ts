/** Calls of this service, with the session's cookie and its CSRF token. */

const ADMIN = '/AdminInterface/restapi'

/** An answer that is no success, in the words of the service. */
export class CallError extends Error {
  readonly status: number
  /** Seconds after which the service takes the call again; undefined where it does not say. */
  readonly retryAfterS: number | undefined
  /** Members that are wrong, where the answer names them. */
  readonly members: readonly { member: string; problem: string }[]

  constructor(status: number, message: string, retryAfterS?: number, members: CallError['members'] = []) {
    super(message)
    this.name = 'CallError'
    this.status = status
    this.retryAfterS = retryAfterS
    this.members = members
  }
}

type CallOptions = {
  body?: unknown
  /** The media type of the body. */
  type?: string
  idempotencyKey?: string
  /** The version that is to be changed, and no other. */
  ifMatch?: string
  signal?: AbortSignal
}

let csrfToken = ''
let onSignedOut = () => {}
let usedAt = 0

/** When the service last took a call, and so when the session was last used; 0 for never. */
export function lastCallAt(): number {
  return usedAt
}

/** What every call carries from now on, and what is done when one is told that there is no session any more. */
export function useSessionInCalls(token: string, signedOut: () => void): void {
  csrfToken = token
  onSignedOut = signedOut
}

/**
 * Calls the service.
 *
 * @throws {CallError} for every answer that is not 2xx, and with status 0 when none came.
 */
export async function call<Answer>(
  method: string,
  path: string,
  { body, type, idempotencyKey, ifMatch, signal }: CallOptions = {},
): Promise<Answer> {
  const headers: Record<string, string> = {
    Accept: 'application/json, application/problem+json, application/scim+json',
  }
  if (body !== undefined) headers['Content-Type'] = type ?? 'application/json'
  if (method !== 'GET') headers['X-CSRF-Token'] = csrfToken
  if (idempotencyKey !== undefined) headers['Idempotency-Key'] = idempotencyKey
  if (ifMatch !== undefined) headers['If-Match'] = ifMatch
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal !== undefined) init.signal = signal
  const response = await reach(path, init)
  const text = await response.text()
  if (!response.ok) {
    if (response.status === 401) onSignedOut()
    throw errorOf(response, text)
  }
  usedAt = Date.now()
  return (text === '' ? undefined : JSON.parse(text)) as Answer
}

/** The same for a path of the admin API, such as `/v1/users/lookup`. */
export function admin<Answer>(method: string, path: string, options?: CallOptions): Promise<Answer> {
  return call<Answer>(method, `${ADMIN}${path}`, options)
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new CallError(0, 'The service cannot be reached. Check your connection and try again.')
  }
}

type Refusal = {
  code?: unknown
  description?: unknown
  message?: unknown
  detail?: unknown
  errors?: CallError['members']
}

/** Each API of the service has a shape of its own for what it refuses. */
function errorOf(response: Response, text: string): CallError {
  const refusal = parse(text)
  const told = [refusal.description, refusal.detail, refusal.message].find(
    (words) => typeof words === 'string',
  )
  const seconds = Number(response.headers.get('Retry-After') ?? NaN)
  const retryAfterS = Number.isFinite(seconds) ? seconds : undefined
  return new CallError(
    response.status,
    wordsFor(response.status, told, retryAfterS),
    retryAfterS,
    refusal.errors,
  )
}

function wordsFor(status: number, told: unknown, retryAfterS: number | undefined): string {
  switch (status) {
    case 401:
      return 'Your session has ended. Sign in again.'
    case 412:
      return 'Somebody else has changed this meanwhile. Load the page again to see it.'
    case 429:
      return `That was too much at once. Try again in ${retryAfterS ?? 60} seconds.`
    case 503:
      return 'The service is busy and did nothing. Try again in a moment.'
  }
  if (typeof told === 'string' && told !== '') return told
  if (status === 403) return 'Your role does not allow this.'
  return `The service answered ${status}.`
}

function parse(text: string): Refusal {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** The words for whoever looks at the screen. */
export function messageOf(error: unknown): string {
  return error instanceof CallError ? error.message : 'Something went wrong in this page. Load it again.'
}
