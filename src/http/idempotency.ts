import { HTTPException } from 'hono/http-exception'
import {
  IdempotentCall,
  KeyReused,
  RepeatedCall,
  StillRunning,
  type About,
} from '../codes/idempotent-call.ts'
import { findEarlier, type EarlierCall } from '../codes/idempotent-call-store.ts'
import type { AdminEnv, ReadContext } from './app-env.ts'
import { tenantScopeOf } from './context.ts'
import { goOn } from './go-on.ts'

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
  about: () => About,
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
  return new IdempotentCall([c.get('tenant').id, c.get('principal').id], key, [operation, request], about())
}

/**
 * Runs a call, or tells what became of it where it was made before, and says so in the answer.
 *
 * @throws {HTTPException} 422 when its key was used for something else, 409 when it may still be running.
 */
export async function runCall<Value>(
  c: ReadContext<AdminEnv>,
  call: IdempotentCall | undefined,
  run: () => Promise<Value>,
  repeat: (call: IdempotentCall, earlier: EarlierCall) => Promise<Value> | Value,
): Promise<Value> {
  try {
    return await goOn(c, run())
  } catch (error) {
    if (!(error instanceof RepeatedCall) || call === undefined) throw error
  }
  const value = await repeat(call, await earlierOf(c, call))
  c.header('Idempotency-Replayed', 'true')
  return value
}

async function earlierOf(c: ReadContext<AdminEnv>, call: IdempotentCall): Promise<EarlierCall> {
  try {
    return await findEarlier(tenantScopeOf(c), call)
  } catch (error) {
    if (error instanceof KeyReused) {
      throw new HTTPException(422, {
        message: 'This Idempotency-Key was used for another request in the last 24 hours. Take a new one.',
      })
    }
    if (!(error instanceof StillRunning)) throw error
    c.header('Retry-After', String(Math.ceil((error.until - c.get('now')) / 1000)))
    throw new HTTPException(409, {
      message: 'The first call with this Idempotency-Key is still running. Repeat it later for its answer.',
    })
  }
}
