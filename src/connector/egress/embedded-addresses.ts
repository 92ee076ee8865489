/** Finds the IPv4 addresses that an IPv6 address leads to: behind a translator or a tunnel it is they that are reached. */
import { isIP } from 'node:net'

/** The address itself, without a zone, and every IPv4 address that may be meant by it. A text that is no address gives nothing. */
export function addressesIn(text: string): readonly string[] {
  const address = text.replace(/%.*$/, '')
  const family = isIP(address)
  if (family === 0) return []
  return family === 4 ? [address] : [address, ...embedded(groupsOf(address))]
}

/** Eight groups of 16 bits, of any way to write them. */
function groupsOf(address: string): readonly number[] {
  // The URL parser writes every form, dotted ends included, as groups of hex with one `::` at most.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const [left, right] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')))
  const zeros = Array.from({ length: 8 - (left?.length ?? 0) - (right?.length ?? 0) }, () => '0')
  return [...(left ?? []), ...zeros, ...(right ?? [])].map((group) => Number.parseInt(group, 16))
}

function embedded(groups: readonly number[]): readonly string[] {
  const bytes = Buffer.from(groups.flatMap((group) => [group >> 8, group & 0xff]))
  const dotted = (...at: number[]) => at.map((index) => bytes[index]).join('.')
  const last = dotted(12, 13, 14, 15)
  const starts = (...prefix: number[]) => prefix.every((group, index) => groups[index] === group)
  return [
    // IPv4-compatible, IPv4-mapped and IPv4-translated (RFC 4291 section 2.5.5, RFC 2765).
    ...(starts(0, 0, 0, 0) ? [last] : []),
    // NAT64: the well-known prefix (RFC 6052), and the one for local use (RFC 8215) with each length that a translator may have.
    ...(starts(0x64, 0xff9b, 0, 0, 0, 0) ? [last] : []),
    ...(starts(0x64, 0xff9b, 1) ? [last, dotted(6, 7, 9, 10), dotted(7, 9, 10, 11), dotted(9, 10, 11, 12)] : []),
    // 6to4 (RFC 3056).
    ...(starts(0x2002) ? [dotted(2, 3, 4, 5)] : []),
    // Teredo (RFC 4380): the server, and the client with its bits turned over.
    ...(starts(0x2001, 0) ? [dotted(4, 5, 6, 7), [12, 13, 14, 15].map((at) => (bytes[at] ?? 0) ^ 0xff).join('.')] : []),
    // ISATAP (RFC 5214).
    ...(groups[5] === 0x5efe && ((groups[4] ?? 0) & 0xfdff) === 0 ? [last] : []),
  ]
}
