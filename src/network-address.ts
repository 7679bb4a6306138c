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

/** Whether a host name, as a URL shows it, is this machine. */
export function isLoopbackHost(hostname: string): boolean {
  return /^(.+\.)?localhost$|^127\.0\.0\.1$|^\[::1\]$/.test(hostname)
}
