import { HTTPException } from 'hono/http-exception'
import type { AppEnv, ReadContext } from './app-env.ts'

/** The 401 that asks for a token (RFC 6750 §3). Only the log is told why. */
export function unauthenticated(
  c: ReadContext<AppEnv>,
  outcome: string,
  challenge: string,
  message = 'A valid bearer token is required.',
): HTTPException {
  c.get('log').step = 'unauthenticated'
  c.get('log').outcome = outcome
  c.header('WWW-Authenticate', challenge)
  return new HTTPException(401, { message })
}
