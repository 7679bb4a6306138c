import { HTTPException } from 'hono/http-exception'
import { IdempotentCall, KeyReused } from '../codes/idempotent-call.ts'
import type { AdminEnv, ReadContext } from './app-env.ts'

/** A structured string (RFC 8941 §3.3.3), as the draft has it, or the bare text that most clients send. */
const QUOTED = /^"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\]){1,255})"$/
const BARE = /^[\x21\x23-\x2b\x2d-\x7e]{1,255}$/

/**
 * The call, where it brings an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
 *
 * @param request all that it asks for, after which a key is good for nothing else.
 * @throws {HTTPException} 400 for a key that is none.
 */
export function idempotentCallOf(
  c: ReadContext<AdminEnv>,
  operation: string,
  request: unknown,
): IdempotentCall | undefined {
  const header = c.req.header('Idempotency-Key')
  if (header === undefined) return undefined
  const quoted = QUOTED.exec(header)?.[1]?.replaceAll(/\\(.)/g, '$1')
  const key = quoted ?? (BARE.test(header) ? header : undefined)
  if (key === undefined) {
    throw new HTTPException(400, {
      message:
        'Idempotency-Key must be one key of 1 to 255 characters of ASCII, in quotes or without blanks.',
    })
  }
  return new IdempotentCall([c.get('tenant').id, c.get('principal').id], key, [operation, request])
}

/**
 * Runs a call, and says in the answer whether it is that of an earlier one.
 *
 * @throws {HTTPException} 422 when its key was used for something else.
 */
export async function runCall<Value>(
  c: ReadContext<AdminEnv>,
  call: IdempotentCall | undefined,
  run: () => Promise<Value>,
): Promise<Value> {
  try {
    const value = await run()
    if (call?.isReplay) c.header('Idempotency-Replayed', 'true')
    return value
  } catch (error) {
    if (!(error instanceof KeyReused)) throw error
    throw new HTTPException(422, {
      message: 'This Idempotency-Key was used for another request in the last 24 hours. Take a new one.',
    })
  }
}
