/** Every card that a printed, typed or read number can mean: nothing is ruled out that a site may use, and nothing is guessed. */
import {
  type Card,
  cardKey,
  cardOfBits,
  cardOfValues,
  csn,
  em4100Tag,
  h10301,
  readCard,
  wiegandFormats,
} from '../card.ts'
import { shortOrders, wholeOrders } from './chip-orders.ts'
import { CardError, decode, type Layout } from './coding.ts'
import { cardOfJoined } from './forms.ts'
import { em4100, facilityFormats, layouts, numberFormats, type WiegandFormat } from './layouts.ts'

export interface Reading {
  readonly card: Card
  /** How the number must be meant to be this card, in words; several ways may lead to one card. */
  readonly how: readonly string[]
}

/** A format that has as many bits as were given, but is ruled out by them. */
export interface Misfit {
  readonly format: WiegandFormat
  readonly why: string
}

export interface Readings {
  readonly readings: readonly Reading[]
  readonly misfits: readonly Misfit[]
}

/** What is longer is no number of a card: a FASC-N has 200 bits. */
const longest = 256

/** @throws CardError when the text is nothing that is written for cards. */
export function readingsOf(given: string): Readings {
  const text = given.trim()
  if (text.length > longest) throw new CardError(`no number of a card has more than ${longest} signs`)
  if (!/^[0-9A-Za-z][0-9A-Za-z :.,/-]*$/.test(text))
    throw new CardError('a number of a card has digits, letters and : . , / - between them')
  const found = new Found()
  const named = readCard(text)
  if (named !== null) found.add('as it is written', () => named)
  const bits = text.replaceAll(' ', '')
  if (/^[01]{26,}$/.test(bits)) readBits(found, bits)
  else if (/^\d{1,62}$/.test(text)) readDecimal(found, BigInt(text))
  const [, left, right] = /^(\d{1,10})[ :.,/-]+(\d{1,10})$/.exec(text) ?? []
  if (left !== undefined && right !== undefined) readPair(found, BigInt(left), BigInt(right))
  const hex = text.replace(/^0x/i, '').replaceAll(/[ :-]/g, '').toUpperCase()
  if (/^[0-9A-F]{2,50}$/.test(hex) && !/^[01]{26,}$/.test(bits)) readHex(found, hex)
  return found
}

class Found implements Readings {
  readonly #cards = new Map<string, { readonly card: Card; readonly how: string[] }>()
  readonly misfits: Misfit[] = []

  get readings(): readonly Reading[] {
    return [...this.#cards.values()]
  }

  /** Adds nothing when there is no such card. Returns why not, if so. */
  add(how: string, make: () => Card): string | null {
    try {
      const card = make()
      const known = this.#cards.get(cardKey(card))
      if (known === undefined) this.#cards.set(cardKey(card), { card, how: [how] })
      else if (!known.how.includes(how)) known.how.push(how)
      return null
    } catch (error) {
      if (error instanceof CardError) return error.message
      throw error
    }
  }
}

function readBits(found: Found, bits: string): void {
  for (const format of wiegandFormats) {
    if (layouts[format].bits !== bits.length) continue
    const why = found.add('the bits as they are', () => cardOfBits(format, bits))
    if (why !== null) found.misfits.push({ format, why })
  }
  if (bits.length % 8 === 0) addChip(found, 'the bits', hexOf(BigInt(`0b${bits}`), bits.length / 4))
  addTag(found, bits)
}

function readDecimal(found: Found, value: bigint): void {
  for (const format of numberFormats) found.add('the number', () => cardOfValues(format, { number: value }))
  for (const format of facilityFormats)
    found.add('facility and number joined, without parity', () => cardOfJoined(format, value))
  found.add('facility and five digits of the number (FFFNNNNN)', () =>
    h10301(Number(value / 100_000n), Number(value % 100_000n)),
  )
  for (const format of wiegandFormats.filter((each) => layouts[each].parity.length > 0))
    found.add('all bits with parity, as a decimal', () => cardOfBits(format, binary(value, layouts[format])))
  const bytes = chipBytes.find((each) => value < 1n << BigInt(each * 8))
  if (bytes !== undefined && value > 0n) addChip(found, 'serial number as a decimal', hexOf(value, bytes * 2))
  if (value >= 1n << 24n && value < 1n << 40n) addTruncated(found, value)
}

function readPair(found: Found, left: bigint, right: bigint): void {
  for (const format of facilityFormats)
    found.add('facility and number', () => cardOfValues(format, { facility: left, number: right }))
  if (left > 0xffffn || right > 0xffffn) return
  const serial = (left << 16n) | right
  found.add('two halves of 16 bits (DEZ 5.5)', () => cardOfValues('CSN34', { number: serial }))
  found.add('two halves of 16 bits (DEZ 5.5), highest byte lost', () => cardOfJoined('H10301', serial & 0xffffffn))
}

function readHex(found: Found, hex: string): void {
  const value = BigInt(`0x${hex}`)
  const chip = chipBytes.find((bytes) => bytes * 2 === hex.length)
  if (chip !== undefined) {
    addChip(found, 'serial number in hex', hex)
    if (chip === 4 || chip === 5) addTruncated(found, value)
    if (chip === 4) addTruncated(found, BigInt(`0x${(hex.match(/../g) ?? []).reverse().join('')}`), ', bytes reversed')
    if (chip > 5)
      for (const { name, of } of shortOrders)
        found.add(`serial number in hex, shortened to its ${name}`, () => csn(of(hex)))
  }
  if (hex.length === em4100.bits / 4) addTag(found, binary(value, em4100))
  for (const format of wiegandFormats) readFrame(found, format, hex, value)
}

/** All bits of one format, in the ways in which readers and their tools write them in hex. */
function readFrame(found: Found, format: WiegandFormat, hex: string, value: bigint): void {
  const layout = layouts[format]
  const frame = (how: string, bits: bigint) => found.add(how, () => cardOfBits(format, binary(bits, layout)))
  if (hex.length === Math.ceil(layout.bits / 4)) {
    const why = frame('all bits with parity, in hex', value)
    if (why !== null && value < 1n << BigInt(layout.bits)) found.misfits.push({ format, why })
  }
  const bytes = Math.ceil(layout.bits / 8)
  const pad = BigInt(bytes * 8 - layout.bits)
  const isPadded = (bits: bigint) => bits % (1n << pad) === 0n
  if (hex.length === bytes * 2 && pad > 0n && isPadded(value))
    frame('all bits with parity, from the left in whole bytes (OSDP)', value >> pad)
  const behind = value & ((1n << BigInt(bytes * 8)) - 1n)
  if (hex.length === bytes * 2 + 2 && value >> BigInt(bytes * 8) === pad && isPadded(behind))
    frame('count of padding bits, then all bits from the left (PACS)', behind >> pad)
  const sentinel = 1n << BigInt(layout.bits)
  if (value >> BigInt(layout.bits) === 1n) frame('all bits with parity behind a leading one', value - sentinel)
  // The preamble of HID Prox; formats of 37 bits leave no room for the leading one.
  if (hex.length === 10 && layout.bits < 37 && (value - (0x20n << 32n)) >> BigInt(layout.bits) === 1n)
    frame('as a HID Prox card holds it', value - (0x20n << 32n) - sentinel)
}

const chipBytes = [4, 5, 7, 8, 10] as const

function addChip(found: Found, how: string, hex: string): void {
  for (const { name, of } of wholeOrders) found.add(`${how}, ${name}`, () => csn(of(hex)))
}

/** An EM4100 tag by what it sends on the air. */
function addTag(found: Found, bits: string): void {
  found.add('what an EM4100 tag sends', () => {
    const { version = 0n, serial = 0n } = decode(em4100, bits)
    return em4100Tag(version, serial)
  })
}

/** What readers make of a serial number for which their frame has no room. */
function addTruncated(found: Found, serial: bigint, how = ''): void {
  found.add(`lowest 32 bits of the serial number, in a frame of 34 bits${how}`, () =>
    cardOfValues('CSN34', { number: serial & 0xffffffffn }),
  )
  found.add(`lowest 24 bits of the serial number, in a frame of 26 bits${how}`, () =>
    cardOfJoined('H10301', serial & 0xffffffn),
  )
}

function binary(value: bigint, { bits }: Layout): string {
  return value.toString(2).padStart(bits, '0')
}

function hexOf(value: bigint, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
