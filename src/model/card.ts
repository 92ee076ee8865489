/** The canonical card: a format, a bit length and the raw bits; facility and number are derived, never stored. */
import { z } from 'zod'
import { CardError, decode, encode, type Values } from './cards/coding.ts'
import {
  em4100,
  facilityFormats,
  layouts,
  manyFieldFormats,
  numberFormats,
  type WiegandFormat,
} from './cards/layouts.ts'

/** CSN is a chip serial number, which has no layout. */
export const cardFormats = ['CSN', ...facilityFormats, ...numberFormats, ...manyFieldFormats] as const

/** `raw` is the right-aligned integer form of all bits, parity included, as upper-case hex of ceil(bits / 4) digits. */
export const card = z.strictObject({
  format: z.enum(cardFormats),
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

/** @throws CardError when a value is missing or out of range, or the card names nobody (PIV-I). */
export function cardOfValues(format: WiegandFormat, values: Values): Card {
  return cardOfBits(format, encode(layouts[format], values))
}

/** `bits` is text of 0 and 1, first on the wire first. @throws CardError when these are no bits of that format. */
export function cardOfBits(format: WiegandFormat, bits: string): Card {
  const { agency, system, credential } = decode(layouts[format], bits)
  // Every PIV-I card has fourteen nines here: it is told apart by a UUID, which these formats do not carry.
  if (agency === 9999n && system === 9999n && credential === 999_999n)
    throw new CardError('a PIV-I card is named by its UUID')
  return { format, bits: bits.length, raw: hexOf(bits) }
}

/** A 26-bit card. @throws CardError when facility (0..255) or number (0..65535) is out of range. */
export function h10301(facility: number, number: number): Card {
  if (!Number.isInteger(facility) || facility < 0) throw new CardError('facility must be 0..255')
  if (!Number.isInteger(number) || number < 0) throw new CardError('number must be 0..65535')
  return cardOfValues('H10301', { facility: BigInt(facility), number: BigInt(number) })
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

/** The chip serial number that readers give for an EM4100 tag: version and serial number in 5 bytes. @throws CardError out of range. */
export function em4100Tag(version: bigint, serial: bigint): Card {
  const values = decode(em4100, encode(em4100, { version, serial }))
  return csn((((values.version ?? 0n) << 32n) | (values.serial ?? 0n)).toString(16).padStart(10, '0'))
}

/** Whether the chip draws its serial number anew at each tap (ISO/IEC 14443-3): it names no card, and must never be given out. */
export function isRandomSerial({ format, bits, raw }: Card): boolean {
  return format === 'CSN' && bits === 32 && raw.startsWith('08')
}

/** All bits, first on the wire first. @throws CardError when the raw form has more. */
export function bitsOfCard({ bits, raw }: Card): string {
  const text = BigInt(`0x${raw}`).toString(2).padStart(bits, '0')
  if (text.length > bits) throw new CardError(`there must be ${bits} bits`)
  return text
}

/** The fields of a card of any format but CSN. @throws CardError when its bits are none of that format: a parity is wrong. */
export function valuesOf(of: Card): Values {
  if (of.format === 'CSN') throw new CardError('a chip serial number has no fields')
  return decode(layouts[of.format], bitsOfCard(of))
}

/** The same text for the same card in the same format, for comparing what is written with what is to be. */
export function cardKey(of: Card): string {
  return `${of.format}:${of.bits}:${of.raw}`
}

/**
 * The same text for all that a reader can not tell apart: the same bits in whatever format. By this it is known who holds a card, and by
 * its keyed digest it is found. 26 bits, and whole bytes without parity, have the text that `cardKey` gives them.
 */
export function wireKey({ format, bits, raw }: Card): string {
  const isPlain = format === 'CSN' || layouts[format].parity.length === 0
  return `${isPlain ? 'CSN' : bits === 26 ? 'H10301' : 'bits'}:${bits}:${raw}`
}

/** Other names of the very same layouts. */
const aliases: Readonly<Record<string, WiegandFormat>> = { AWID26: 'H10301', N10002: 'H10306' }

/**
 * As people write it: the format, then its fields as decimals (`H10301:facility:number`, `H10302:number`), or `CSN:hex`; null when it is
 * neither, or no such card can be. `EM4100:version:serial` is the serial number that such a tag has.
 */
export function readCard(text: string): Card | null {
  const [, name = '', rest = ''] = /^([A-Z0-9-]{3,10}):([0-9A-F:]{1,80})$/.exec(text.trim().toUpperCase()) ?? []
  try {
    if (name === 'CSN') return csn(rest)
    if (!/^\d{1,20}(?::\d{1,20})*$/.test(rest)) return null
    const given = rest.split(':').map(BigInt)
    if (name === 'EM4100') return given.length === 2 ? em4100Tag(given[0] ?? 0n, given[1] ?? 0n) : null
    const format = aliases[name] ?? wiegandFormats.find((known) => known === name)
    if (format === undefined || given.length !== layouts[format].fields.length) return null
    return cardOfValues(
      format,
      Object.fromEntries(layouts[format].fields.map((field, index) => [field.name, given[index] ?? 0n])),
    )
  } catch (error) {
    if (error instanceof CardError) return null
    throw error
  }
}

export const wiegandFormats: readonly WiegandFormat[] = [...facilityFormats, ...numberFormats, ...manyFieldFormats]

/** The same, the other way round. @throws CardError for bits that are no card of their format. */
export function cardText(of: Card): string {
  if (of.format === 'CSN') return `CSN:${of.raw}`
  const values = valuesOf(of)
  return [of.format, ...layouts[of.format].fields.map(({ name }) => String(values[name]))].join(':')
}

function hexOf(bits: string): string {
  return BigInt(`0b${bits}`)
    .toString(16)
    .toUpperCase()
    .padStart(Math.ceil(bits.length / 4), '0')
}
