import { BlockList, isIP } from 'node:net'

/** Networks that no address of the internet is in: loopback, private, link-local, unspecified (RFC 6890). */
const NOT_ON_THE_INTERNET = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  NOT_ON_THE_INTERNET.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  NOT_ON_THE_INTERNET.addSubnet(network, prefix, 'ipv6')
}

/** An IPv4 address written as IPv6, `::ffff:192.0.2.1`. No packet carries one (RFC 6890 §2.2.3), and workerd's BlockList throws for it. */
const IPV4_MAPPED = /^(?:::|(?:0+:){5})ffff:/i

export function isPrivateAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 6 && IPV4_MAPPED.test(address)) return true
  return version !== 0 && NOT_ON_THE_INTERNET.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/**
 * The network of one client: its IPv4 address, or the /64 that one IPv6 customer has whole. Nothing where the text
 * is no address.
 */
export function networkOf(address: string): string | undefined {
  const version = isIP(address)
  if (version === 4) return address
  // An address with a zone, `fe80::1%eth0`, is none outside its machine.
  return version === 6 && !address.includes('%') ? prefix64(address) : undefined
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

/** The shortest prefix that a network may be named by: whoever names a shorter one trusts the internet. */
const PREFIX_MIN = { 4: 8, 6: 16 }

/** Whether the text is one network by its prefix (CIDR, RFC 4632), and not a large part of the internet. */
export function isNetwork(text: string): boolean {
  const parsed = parseNetwork(text)
  return parsed !== undefined && parsed.prefix >= PREFIX_MIN[parsed.version]
}

function parseNetwork(text: string): { address: string; prefix: number; version: 4 | 6 } | undefined {
  const [, address = '', digits = ''] = /^([\d.:a-f]+)\/(\d{1,3})$/i.exec(text) ?? []
  const version = isIP(address)
  const prefix = Number(digits)
  if ((version !== 4 && version !== 6) || IPV4_MAPPED.test(address)) return undefined
  return prefix <= (version === 4 ? 32 : 128) ? { address, prefix, version } : undefined
}

/** Lists of networks as they are compared with, by the lists of their texts. */
const blockLists = new WeakMap<readonly string[], BlockList>()

/** Whether an address is in one of these networks, of which {@link isNetwork} holds. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const version = isIP(address)
  if (networks.length === 0 || version === 0 || IPV4_MAPPED.test(address)) return false
  let list = blockLists.get(networks)
  if (list === undefined) {
    list = new BlockList()
    for (const text of networks) {
      const network = parseNetwork(text)
      if (network) list.addSubnet(network.address, network.prefix, `ipv${network.version}`)
    }
    blockLists.set(networks, list)
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6')
}

/** Whether a host name, as a URL shows it, is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127\.0\.0\.1$|^\[::1\]$/.test(hostname)
}
