import type { AppEnv, ReadContext } from './app-env.ts'

/**
 * Has something go on to its end, once it has begun, although the caller hangs up: the runtime would stop it. Else a
 * code could leave, and whoever it is for never be told, by a connection that is closed at the right moment (F5).
 */
export function goOn<Value>(c: ReadContext<AppEnv>, running: Promise<Value>): Promise<Value> {
  c.executionCtx.waitUntil(running.catch(() => undefined))
  return running
}
