/** What other systems write for a card: facility and number, both joined to one decimal, bytes from the left. */
import { bitsOfCard, type Card, cardOfValues, valuesOf } from '../card.ts'
import { CardError, type Field, type Values } from './coding.ts'
import { layouts, type WiegandFormat } from './layouts.ts'

/** Null where the format has none; of a PIV card its agency and system. */
export function facilityOf(of: Card): string | null {
  if (of.format === 'CSN') return null
  const { facility, agency, system } = valuesOf(of)
  return agency === undefined ? (facility?.toString() ?? null) : `${agency}-${system}`
}

/** As a decimal without leading zeros; of a chip its whole serial number. */
export function numberOf(of: Card): string {
  if (of.format === 'CSN') return BigInt(`0x${of.raw}`).toString()
  const { number, credential } = valuesOf(of)
  return String(number ?? credential)
}

/** Facility bits and number bits as one number, without parity; null for formats of more fields, and for chip serial numbers. */
export function joinedNumber(of: Card): bigint | null {
  if (of.format === 'CSN') return null
  const widths = joinable(of.format)
  if (widths === null) return null
  const values = valuesOf(of)
  return widths.reduce((joined, { name, places }) => (joined << BigInt(places.length)) | (values[name] ?? 0n), 0n)
}

/** The other way round. @throws CardError when the format can't be written so, or has fewer bits. */
export function cardOfJoined(format: WiegandFormat, joined: bigint): Card {
  const widths = joinable(format)
  if (widths === null) throw new CardError('this format is not one number')
  let rest = joined
  const values: Record<string, bigint> = {}
  for (const { name, places } of widths.toReversed()) {
    values[name] = rest & ((1n << BigInt(places.length)) - 1n)
    rest >>= BigInt(places.length)
  }
  if (rest !== 0n) throw new CardError('the number has more bits than the format')
  return cardOfValues(format, values satisfies Values)
}

/** Hex of whole bytes with the first bit of the card in front and zeros behind, as OSDP carries it. */
export function leftAligned(of: Card): string {
  const bits = bitsOfCard(of)
  const digits = Math.ceil(bits.length / 8) * 2
  return BigInt(`0b${bits.padEnd(digits * 4, '0')}`)
    .toString(16)
    .toUpperCase()
    .padStart(digits, '0')
}

function joinable(format: WiegandFormat): readonly Field[] | null {
  const { fields } = layouts[format]
  return fields.some(({ name }) => name !== 'facility' && name !== 'number') ? null : fields
}
