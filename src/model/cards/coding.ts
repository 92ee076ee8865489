/** Writes the fields of a card into its bits, and reads them back; what does not fit the layout is refused, never mended. */

/** A number that can't be a card of its format, or bits that are none; the message never holds the number. */
export class CardError extends Error {
  override readonly name = 'CardError'
}

/** Where a value lies. Bit 0 is the first on the wire; `places` go from the most significant bit down. */
export interface Field {
  readonly name: string
  readonly places: readonly number[]
  /** Four bits for each decimal digit, instead of one binary number. */
  readonly decimal?: true
}

/** Bit `at` makes the number of ones at `over` and `at` together even, or odd. */
export interface Parity {
  readonly at: number
  readonly kind: 'even' | 'odd'
  readonly over: readonly number[]
}

/** How the bits of one format are laid out. Parities are made in their order: a later one may cover an earlier one. */
export interface Layout {
  readonly bits: number
  readonly fields: readonly Field[]
  readonly parity: readonly Parity[]
  /** Bits that are the same on every card. */
  readonly fixed?: readonly { readonly at: number; readonly bits: string }[]
}

export type Values = Readonly<Record<string, bigint>>

/** The greatest value that a field can hold. */
export function most({ places, decimal }: Field): bigint {
  return (decimal ? 10n ** BigInt(places.length / 4) : 1n << BigInt(places.length)) - 1n
}

/** The bits as text of 0 and 1, first bit first. @throws CardError when a value is missing, unknown or out of range. */
export function encode(layout: Layout, values: Values): string {
  const bits = new Array<string>(layout.bits).fill('0')
  const known = new Set(layout.fields.map(({ name }) => name))
  for (const name of Object.keys(values)) if (!known.has(name)) throw new CardError('there is no such field')
  for (const { at, bits: text } of layout.fixed ?? []) bits.splice(at, text.length, ...text)
  for (const field of layout.fields) {
    const value = values[field.name]
    if (value === undefined) throw new CardError(`${field.name} is missing`)
    if (value < 0n || value > most(field)) throw new CardError(`${field.name} must be 0..${most(field)}`)
    const text = bitsOf(field, value)
    for (const [index, place] of field.places.entries()) bits[place] = text[index] as string
  }
  for (const rule of layout.parity) bits[rule.at] = parityBit(rule, bits)
  return bits.join('')
}

/** @throws CardError when these are no bits of this layout: another length, a parity or a fixed bit that does not fit. */
export function decode(layout: Layout, bits: string): Values {
  if (bits.length !== layout.bits || !/^[01]+$/.test(bits)) throw new CardError(`there must be ${layout.bits} bits`)
  for (const { at, bits: text } of layout.fixed ?? []) {
    if (!bits.startsWith(text, at)) throw new CardError(`the fixed bits from bit ${at} do not fit`)
  }
  for (const rule of layout.parity) {
    if (bits[rule.at] !== parityBit(rule, bits)) throw new CardError(`the parity in bit ${rule.at} does not fit`)
  }
  return Object.fromEntries(layout.fields.map((field) => [field.name, valueIn(field, bits)]))
}

/** Bits that may be misread one at a time without anybody noticing: the card becomes another valid one. */
export function unguardedBits({ bits, fixed = [], parity }: Layout): readonly number[] {
  const guarded = new Set([
    ...parity.flatMap(({ at, over }) => [at, ...over]),
    ...fixed.flatMap(({ at, bits: text }) => Array.from(text, (_, index) => at + index)),
  ])
  return Array.from({ length: bits }, (_, at) => at).filter((at) => !guarded.has(at))
}

function parityBit({ kind, over }: Parity, bits: string | readonly string[]): '0' | '1' {
  let ones = kind === 'even' ? 0 : 1
  for (const place of over) if (bits[place] === '1') ones += 1
  return ones % 2 === 0 ? '0' : '1'
}

function bitsOf({ places, decimal }: Field, value: bigint): string {
  if (!decimal) return value.toString(2).padStart(places.length, '0')
  const digits = value.toString().padStart(places.length / 4, '0')
  return Array.from(digits, (digit) => Number(digit).toString(2).padStart(4, '0')).join('')
}

function valueIn({ name, places, decimal }: Field, bits: string): bigint {
  const text = places.map((place) => bits[place]).join('')
  if (!decimal) return BigInt(`0b${text}`)
  const digits = Array.from(text.match(/.{4}/g) ?? [], (four) => Number.parseInt(four, 2))
  if (digits.some((digit) => digit > 9)) throw new CardError(`${name} holds a digit above 9`)
  return BigInt(digits.join(''))
}
