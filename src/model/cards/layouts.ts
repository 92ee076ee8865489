/**
 * The card formats that Gatehouse knows, as data: where facility and number lie, and which parity covers what. Layouts as published in
 * proxmark3 (`client/src/wiegand_formats.c`, `cmdlfawid.c`, `cmdlfem410x.c`), and for C1000-35 and FASC-N in liblogicalaccess as well.
 */
import type { Field, Layout, Parity } from './coding.ts'

/** Bits `first` to `last`, both included; every `step`-th. */
const range = (first: number, last: number, step = 1): number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step)

const field = (name: string, first: number, last: number): Field => ({ name, places: range(first, last) })
const even = (at: number, over: readonly number[]): Parity => ({ at, kind: 'even', over })
const odd = (at: number, over: readonly number[]): Parity => ({ at, kind: 'odd', over })

/** Pairs of neighbours with one bit left out between them, as Corporate 1000 has them: 2, 3, 5, 6, … */
const pairs = (first: number, last: number): number[] => range(first, last, 3).flatMap((at) => [at, at + 1])

const halves = (bits: number): Parity[] => {
  const middle = Math.ceil((bits - 2) / 2)
  return [even(0, range(1, middle)), odd(bits - 1, range(bits - 1 - middle, bits - 2))]
}

/**
 * A FASC-N is 40 characters of four data bits, least significant first, and an odd parity bit; the last is the exclusive or of all
 * others. Counts characters from 0.
 */
const digits = (name: string, first: number, last: number): Field => ({
  name,
  places: range(first, last).flatMap((at) => [at * 5 + 3, at * 5 + 2, at * 5 + 1, at * 5]),
  decimal: true,
})
const separator = (character: number, bits: string) => ({ at: character * 5, bits })
const startSentinel = '1101'
const fieldSeparator = '1011'
const endSentinel = '1111'

/** Formats with a facility code; `facility` is the company of a Corporate 1000 card. */
export const facilityFormats = [
  'H10301',
  'D10202',
  'H10306',
  'AWID34',
  'C1000-35',
  'C15001',
  'H10304',
  'C1000-48',
  'AWID50',
  'IR56',
] as const
/** Formats of one number. CSN34 is a chip serial number of four bytes in a frame of 34 bits. */
export const numberFormats = ['H10302', 'CSN34'] as const
/** Formats of more fields than a printed number has. */
export const manyFieldFormats = ['PIV75', 'FASC-N'] as const

export type WiegandFormat = (typeof facilityFormats | typeof numberFormats | typeof manyFieldFormats)[number]

export const layouts: Readonly<Record<WiegandFormat, Layout>> = {
  H10301: { bits: 26, fields: [field('facility', 1, 8), field('number', 9, 24)], parity: halves(26) },
  D10202: { bits: 33, fields: [field('facility', 1, 7), field('number', 8, 31)], parity: halves(33) },
  H10306: { bits: 34, fields: [field('facility', 1, 16), field('number', 17, 32)], parity: halves(34) },
  AWID34: { bits: 34, fields: [field('facility', 1, 8), field('number', 9, 32)], parity: halves(34) },
  CSN34: { bits: 34, fields: [field('number', 1, 32)], parity: halves(34) },
  'C1000-35': {
    bits: 35,
    fields: [field('facility', 2, 13), field('number', 14, 33)],
    parity: [even(1, pairs(2, 32)), odd(34, pairs(1, 31)), odd(0, range(1, 34))],
  },
  C15001: {
    bits: 36,
    fields: [field('facility', 11, 18), field('number', 19, 34)],
    fixed: [{ at: 1, bits: (900).toString(2).padStart(10, '0') }],
    parity: halves(36),
  },
  H10302: { bits: 37, fields: [field('number', 1, 35)], parity: halves(37) },
  H10304: { bits: 37, fields: [field('facility', 1, 16), field('number', 17, 35)], parity: halves(37) },
  'C1000-48': {
    bits: 48,
    fields: [field('facility', 2, 23), field('number', 24, 46)],
    parity: [even(1, pairs(3, 45)), odd(47, pairs(2, 44)), odd(0, range(1, 47))],
  },
  AWID50: { bits: 50, fields: [field('facility', 1, 16), field('number', 17, 48)], parity: halves(50) },
  IR56: { bits: 56, fields: [field('facility', 0, 23), field('number', 24, 55)], parity: [] },
  PIV75: {
    bits: 75,
    fields: [field('agency', 1, 14), field('system', 15, 28), field('credential', 29, 48), field('expiry', 49, 73)],
    parity: [even(0, range(1, 37)), odd(74, range(38, 73))],
  },
  'FASC-N': {
    bits: 200,
    fields: [
      digits('agency', 1, 4),
      digits('system', 6, 9),
      digits('credential', 11, 16),
      digits('series', 18, 18),
      digits('issue', 20, 20),
      digits('person', 22, 31),
      digits('category', 32, 32),
      digits('organisation', 33, 36),
      digits('association', 37, 37),
    ],
    fixed: [
      separator(0, startSentinel),
      ...[5, 10, 17, 19, 21].map((at) => separator(at, fieldSeparator)),
      separator(38, endSentinel),
    ],
    parity: [
      ...range(0, 3).map((bit) => even(39 * 5 + bit, range(bit, 38 * 5 + bit, 5))),
      ...range(0, 39).map((at) => odd(at * 5 + 4, range(at * 5, at * 5 + 3))),
    ],
  },
}

/** What an EM4100 tag sends on the air: its id of 40 bits, in ten rows of four bits with a parity of each row and each column. */
export const em4100: Layout = {
  bits: 64,
  fields: [
    { name: 'version', places: range(0, 1).flatMap((row) => range(9 + row * 5, 12 + row * 5)) },
    { name: 'serial', places: range(2, 9).flatMap((row) => range(9 + row * 5, 12 + row * 5)) },
  ],
  fixed: [
    { at: 0, bits: '111111111' },
    { at: 63, bits: '0' },
  ],
  parity: [
    ...range(0, 9).map((row) => even(13 + row * 5, range(9 + row * 5, 12 + row * 5))),
    ...range(0, 3).map((column) => even(59 + column, range(9 + column, 54 + column, 5))),
  ],
}
