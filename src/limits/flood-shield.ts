import { BlockList, isIP } from 'node:net'
import { createMiddleware } from 'hono/factory'
import { HTTPException } from 'hono/http-exception'
import type { AppEnv } from '../app-env.ts'

/** Seconds of the shield's window, as in wrangler.toml. */
const PERIOD_S = 10

/** Loopback, private, link-local and unspecified addresses (RFC 6890). */
const NOT_FROM_THE_INTERNET = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  NOT_FROM_THE_INTERNET.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  NOT_FROM_THE_INTERNET.addSubnet(network, prefix, 'ipv6')
}

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
      c.header('Retry-After', String(PERIOD_S))
      c.var.log.step = 'shielded'
      throw new HTTPException(429, {
        message: `Too many requests from your network. Try again in ${PERIOD_S} seconds.`,
      })
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
  if (version === 0 || NOT_FROM_THE_INTERNET.check(address, `ipv${version as 4 | 6}`)) return undefined
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
