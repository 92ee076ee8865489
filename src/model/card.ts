/** The canonical card: a format, a bit length and the raw bits; facility and number are derived, never stored. */
import { z } from 'zod'

/** `raw` is the right-aligned integer form of all bits, parity included, as upper-case hex of ceil(bits / 4) digits. */
export const card = z.strictObject({
  format: z.enum(['H10301', 'CSN']),
  bits: z.int().min(8).max(256),
  raw: z.string().regex(/^[0-9A-F]{2,64}$/),
})
export type Card = z.output<typeof card>

/**
 * A card's life. Nothing leaves `lost` or `returned` by itself: only a person's explicit act issues the number again.
 */
export const cardStates = ['issued', 'active', 'suspended', 'lost', 'returned'] as const
export type CardState = (typeof cardStates)[number]

/** What a source says about a card. */
export const cardClaim = z.strictObject({ card, state: z.enum(cardStates) })
export type CardClaim = z.output<typeof cardClaim>

/** A printed or typed number that can't be a card of its declared format; the message never holds the number. */
export class CardError extends Error {
  override readonly name = 'CardError'
}

function parityOf(bits: number): 0 | 1 {
  let parity = 0
  for (let rest = bits; rest !== 0; rest >>>= 1) parity ^= rest & 1
  return parity as 0 | 1
}

/**
 * A 26-bit H10301 card: even parity over bits 1-12, facility 8 bits, number 16 bits, odd parity over bits 13-24
 * (layout as published in proxmark3 `client/src/wiegand_formats.c`).
 * @throws CardError when facility (0..255) or number (0..65535) is out of range.
 */
export function h10301(facility: number, number: number): Card {
  if (!Number.isInteger(facility) || facility < 0 || facility > 0xff) throw new CardError('facility must be 0..255')
  if (!Number.isInteger(number) || number < 0 || number > 0xffff) throw new CardError('number must be 0..65535')
  const data = facility * 0x10000 + number
  const even = parityOf(data >>> 12)
  const odd = 1 - parityOf(data & 0xfff)
  const raw = even * 0x2000000 + data * 2 + odd
  return { format: 'H10301', bits: 26, raw: raw.toString(16).toUpperCase().padStart(7, '0') }
}

/**
 * A chip serial number. `uid` is hex, in the order the reader reports it (4 to 10 bytes).
 * @throws CardError when it is not hex of 4 to 10 bytes.
 */
export function csn(uid: string): Card {
  const raw = uid.toUpperCase()
  if (!/^(?:[0-9A-F]{2}){4,10}$/.test(raw)) throw new CardError('a chip serial number is 4 to 10 bytes of hex')
  return { format: 'CSN', bits: raw.length * 4, raw }
}

/**
 * Facility and number of an H10301 card.
 * @throws CardError when the card has another format or its parity is wrong.
 */
export function h10301Parts(of: Card): { facility: number; number: number } {
  if (of.format !== 'H10301' || of.bits !== 26) throw new CardError('not an H10301 card')
  const raw = Number.parseInt(of.raw, 16)
  const data = Math.floor(raw / 2) & 0xffffff
  const parts = { facility: data >>> 16, number: data & 0xffff }
  if (h10301(parts.facility, parts.number).raw !== of.raw) throw new CardError('wrong parity')
  return parts
}

/** The same text for the same card, for comparing and for keyed digests. */
export function cardKey(of: Card): string {
  return `${of.format}:${of.bits}:${of.raw}`
}

/** As people write it: `H10301:facility:number` or `CSN:hex`; null when it is neither, or no such card can be. */
export function readCard(text: string): Card | null {
  const [, facility, number] = /^H10301:(\d{1,3}):(\d{1,5})$/i.exec(text.trim()) ?? []
  const [, uid] = /^CSN:([0-9A-F]+)$/i.exec(text.trim()) ?? []
  try {
    if (facility !== undefined) return h10301(Number(facility), Number(number))
    return uid === undefined ? null : csn(uid)
  } catch (error) {
    if (error instanceof CardError) return null
    throw error
  }
}

/** The same, the other way round. @throws CardError for bits that are no card of their format. */
export function cardText(of: Card): string {
  if (of.format !== 'H10301') return `${of.format}:${of.raw}`
  const { facility, number } = h10301Parts(of)
  return `H10301:${facility}:${number}`
}
