/** Tells addresses inside an organisation or machine from public ones. */
import { BlockList, isIP } from 'node:net'

const inside = new BlockList()
// IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates): everything that isn't globally reachable.
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(network, bits, 'ipv4')
}
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(network, bits, 'ipv6')
}

/** True for a private, loopback, link-local or multicast address. A text that isn't an address is not one. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address)
  return family !== 0 && inside.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** True for `localhost` and the loopback addresses, as a URL's host name writes them. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
