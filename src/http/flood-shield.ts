import { createMiddleware } from 'hono/factory'
import type { AppEnv } from './app-env.ts'
import { isPrivateAddress, networkOf } from '../network-address.ts'
import { limited } from './rate-limit.ts'

/** Seconds of the shield's window, as in wrangler.toml. */
const PERIOD_S = 10

/**
 * Refuses an address that floods, before anything is looked up. Counts are per Cloudflare location
 * and approximate: this protects the service, the tenant's own limits are exact.
 *
 * @throws {HTTPException} 429.
 */
export function floodShield() {
  return createMiddleware<AppEnv>(async function floodShield(c, next) {
    const key = shieldKey(c.req.header('CF-Connecting-IP'))
    if (key !== undefined && !(await c.env.FLOOD_SHIELD.limit({ key })).success) {
      throw limited(c, PERIOD_S, [])
    }
    await next()
  })
}

/**
 * What a client is counted by: its network. Nothing for loopback and private addresses, which cannot come from the
 * internet.
 */
export function shieldKey(address = ''): string | undefined {
  return isPrivateAddress(address) ? undefined : networkOf(address)
}
