import { isIP } from 'node:net'
import { createMiddleware } from 'hono/factory'
import type { AppEnv } from './app-env.ts'
import { isPrivateAddress } from '../network-address.ts'
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
 * What a client is counted by: its IPv4, or the /64 that one IPv6 customer has whole. Nothing for
 * loopback and private addresses, which cannot come from the internet.
 */
export function shieldKey(address = ''): string | undefined {
  const version = isIP(address)
  if (version === 0 || isPrivateAddress(address)) return undefined
  return version === 4 ? address : prefix64(address)
}

/** The first four groups of an IPv6 address, written out. */
function prefix64(address: string): string {
  const [head, tail] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((groups) => groups.split(':').filter((group) => group !== ''))
  const left = head ?? []
  const right = tail ?? []
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}
