import { isLoopbackHost } from '../network-address.ts'

/** Names of local networks (RFC 6761, RFC 6762), and a bare or rooted name. */
const NOT_PUBLIC = /\.(?:localhost|local|internal)$|^[^.]*$|\.$/

/**
 * HTTPS to a host of the internet, by name: an address can be written in too many ways to know where it
 * leads. On a developer's machine, plain HTTP to that machine too. A name that resolves to a private
 * address leads nowhere from Cloudflare's network.
 */
export function isAllowedTarget(url: string, isLocalRun: boolean): boolean {
  const { protocol, hostname } = new URL(url)
  if (isLoopbackHost(hostname)) return isLocalRun
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return protocol === 'https:' && !isAddress && !NOT_PUBLIC.test(hostname)
}
