/** Tells addresses inside an organisation or machine from public ones, and those that nobody is ever sent to. */
import { BlockList, isIP } from 'node:net'
import { addressesIn } from './embedded-addresses.ts'

// IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and its updates): everything that isn't globally reachable.
const inside = blockList([
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
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
])

// Link-local addresses, where a machine in a cloud asks for its own passwords, and the other addresses that clouds use for it.
const forbidden = blockList([
  ['169.254.0.0', 16],
  ['fe80::', 10],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.192', 32],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
])

function blockList(networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [network, bits] of networks) list.addSubnet(network, bits, isIP(network) === 4 ? 'ipv4' : 'ipv6')
  return list
}

function isIn(list: BlockList, address: string): boolean {
  return addressesIn(address).some((each) => list.check(each, isIP(each) === 4 ? 'ipv4' : 'ipv6'))
}

/** True for a private, loopback, link-local or multicast address, however it is written. A text that isn't an address is not one. */
export function isPrivateAddress(address: string): boolean {
  return isIn(inside, address)
}

/** True for a link-local address, or one at which a cloud tells a machine its secrets: no setting allows them. */
export function isForbiddenAddress(address: string): boolean {
  return isIn(forbidden, address)
}

/** True for `localhost` and the loopback addresses, as a URL's host name writes them. */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
