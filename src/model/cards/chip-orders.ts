/** The ways in which readers hand on the serial number of a chip: in which order, and with how many of its bytes. */

/** `uid` is hex of whole bytes, as the chip gives it. */
export interface ChipOrder {
  /** In words, for people. */
  readonly name: string
  /** Bytes that are left; undefined: all of them. */
  readonly keeps?: number
  readonly of: (uid: string) => string
}

/** Its own inverse, as is `reversedBits`. */
export function reversedBytes(uid: string): string {
  return (uid.match(/../g) ?? []).reverse().join('')
}

/** All bits in reverse, so that the last bit of the last byte comes first. */
export function reversedBits(uid: string): string {
  const bits = BigInt(`0x${uid}`)
    .toString(2)
    .padStart(uid.length * 4, '0')
  return BigInt(`0b${Array.from(bits).reverse().join('')}`)
    .toString(16)
    .toUpperCase()
    .padStart(uid.length, '0')
}

/** The four bits of each hex digit in reverse, as some readers of EM4100 tags have it ("Unique"); its own inverse. */
function reversedNibbles(uid: string): string {
  return Array.from(reversedBits(uid)).reverse().join('')
}

/** Nothing is lost: what the reader gives tells the chip. */
export const wholeOrders: readonly ChipOrder[] = [
  { name: 'as the chip gives it', of: (uid) => uid },
  { name: 'bytes reversed', of: reversedBytes },
  { name: 'bits reversed', of: reversedBits },
  { name: 'bits reversed within each byte', of: (uid) => reversedBytes(reversedBits(uid)) },
  { name: 'bits reversed within each nibble', of: reversedNibbles },
]

/** Bytes are lost: many chips look alike, and none can be told from what the reader gives. */
export const shortOrders: readonly ChipOrder[] = [
  { name: 'first 4 bytes', keeps: 4, of: (uid) => uid.slice(0, 8) },
  { name: 'last 4 bytes', keeps: 4, of: (uid) => uid.slice(-8) },
  { name: 'first 4 bytes, reversed', keeps: 4, of: (uid) => reversedBytes(uid.slice(0, 8)) },
  { name: 'last 4 bytes, reversed', keeps: 4, of: (uid) => reversedBytes(uid.slice(-8)) },
]
