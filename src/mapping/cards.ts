/** The cards that a row speaks of; a source that shows no cards is told apart from a person who has none. */
import {
  type Card,
  type CardClaim,
  type CardState,
  cardOfBits,
  cardOfValues,
  cardStates,
  csn,
  isRandomSerial,
  readCard,
} from '../model/card.ts'
import { badgeType } from '../model/cards/badge.ts'
import { reversedBytes } from '../model/cards/chip-orders.ts'
import { CardError } from '../model/cards/coding.ts'
import {
  type facilityFormats,
  layouts,
  type manyFieldFormats,
  type numberFormats,
  type WiegandFormat,
} from '../model/cards/layouts.ts'
import { ABSENT, type CellExpression, type Cells, compileCell } from './cell.ts'
import { isBlank } from './coerce.ts'
import { HIDDEN } from './functions.ts'
import { RowRefused } from './problem.ts'

/** Expressions for one card, or for all that one cell holds. `state` gives a card state in words; without it a card is `active`. */
export type CardMapping = OneCard | CardList

/** A card on each line, as people write it, and behind a blank its state where it is not `active`. */
export interface CardList {
  readonly format: 'list'
  readonly cards: string
}

type OneCard = { readonly state?: string } & (
  | { readonly format: (typeof facilityFormats)[number]; readonly facility: string; readonly number: string }
  | { readonly format: (typeof numberFormats)[number]; readonly number: string }
  /** All bits with parity, right-aligned in hex. */
  | { readonly format: (typeof manyFieldFormats)[number]; readonly bits: string }
  /** In hex, or with `decimal_bytes` as the decimal of so many bytes; `reversed`: the last byte of the chip comes first. */
  | {
      readonly format: 'CSN'
      readonly uid: string
      readonly byte_order?: 'as-read' | 'reversed'
      readonly decimal_bytes?: number
    }
)

/** The claims; none when the row says that there is no card; ABSENT when it doesn't speak of this card. */
export interface CompiledCard {
  readonly read: (cells: Cells) => readonly CardClaim[] | typeof ABSENT
  /** The columns that every delivery must have. */
  readonly needs: readonly string[]
}

export function compileCard(field: string, mapping: CardMapping): CompiledCard {
  if (mapping.format === 'list') return compileList(field, mapping)
  const state = mapping.state === undefined ? null : compileCell(`${field}.state`, mapping.state)
  const oneCard = cardReader(field, mapping)
  return {
    needs: [...oneCard.needs, ...(state?.needs ?? [])],
    read: (cells) => {
      const card = oneCard.read(cells)
      if (card === null) return []
      if (card === ABSENT) return card
      checkLasting(card)
      const said = state ? stateOf(state.read(cells)) : 'active'
      return said === ABSENT ? ABSENT : [{ card, state: said }]
    },
  }
}

function compileList(field: string, { cards }: CardList): CompiledCard {
  const cell = compileCell(`${field}.cards`, cards)
  return {
    needs: cell.needs,
    read(cells) {
      const value = part(cell.read(cells))
      if (value === ABSENT) return ABSENT
      if (value === null) return []
      if (typeof value !== 'string') throw new RowRefused('mapping.card')
      return value.split('\n').flatMap((line) => (isBlank(line) ? [] : [claimOf(line.trim())]))
    },
  }
}

function claimOf(line: string): CardClaim {
  const [written = '', state = 'active', ...rest] = line.split(/\s+/)
  const card = readCard(written)
  const said = stateOf(state)
  if (card === null || said === ABSENT || rest.length > 0) throw new RowRefused('mapping.card')
  checkLasting(card)
  return { card, state: said }
}

/** Nobody can be given what the chip draws anew at each tap. */
function checkLasting(card: Card): void {
  if (isRandomSerial(card)) throw new RowRefused('mapping.card-random')
}

interface CardReader {
  readonly read: (cells: Cells) => Card | null | typeof ABSENT
  readonly needs: readonly string[]
}

function cardReader(field: string, mapping: OneCard): CardReader {
  if ('uid' in mapping) return wholeReader(field, 'uid', mapping.uid, (value) => chipOf(value, mapping))
  if ('bits' in mapping) {
    const { format } = mapping
    return wholeReader(field, 'bits', mapping.bits, (value) => cardOfBits(format, bitsOf(format, value)))
  }
  if ('facility' in mapping) return numberReader(field, mapping)
  const { format } = mapping
  return wholeReader(field, 'number', mapping.number, (value) => cardOfValues(format, { number: digits(value) }))
}

function numberReader(field: string, mapping: Extract<OneCard, { facility: string }>): CardReader {
  const facility = compileCell(`${field}.facility`, mapping.facility)
  const number = compileCell(`${field}.number`, mapping.number)
  return refusing([facility, number], (cells) => {
    const left = part(facility.read(cells))
    const right = part(number.read(cells))
    if (left !== null && left !== ABSENT && right !== null && right !== ABSENT)
      return cardOfValues(mapping.format, { facility: digits(left), number: digits(right) })
    // A facility that is a constant of the site isn't given by the row, so it alone makes no card half.
    const given = (left !== null && left !== ABSENT && !isConstant(facility)) || (right !== null && right !== ABSENT)
    if (given) throw new RowRefused('mapping.card-half')
    return left === ABSENT || right === ABSENT ? ABSENT : null
  })
}

/** A card that one cell gives as a whole. */
function wholeReader(field: string, name: string, expression: string, of: (value: Given) => Card): CardReader {
  const cell = compileCell(`${field}.${name}`, expression)
  return refusing([cell], (cells) => {
    const value = part(cell.read(cells))
    return value === null || value === ABSENT ? value : of(value)
  })
}

function chipOf(value: Given, mapping: Extract<OneCard, { uid: string }>): Card {
  const { byte_order: order, decimal_bytes: bytes } = mapping
  const reversed = order === 'reversed'
  if (bytes === undefined) {
    if (typeof value !== 'string') throw new RowRefused('mapping.card')
    const given = csn(value)
    return reversed ? csn(reversedBytes(given.raw)) : given
  }
  const card = badgeType({ format: 'CSN', bytes, base: 'decimal', reversed }).read(digits(value).toString())
  if (card === null) throw new RowRefused('mapping.card')
  return card
}

function bitsOf(format: WiegandFormat, value: Given): string {
  if (typeof value !== 'string' || !/^[0-9A-F]{1,64}$/i.test(value)) throw new RowRefused('mapping.card')
  return BigInt(`0x${value}`).toString(2).padStart(layouts[format].bits, '0')
}

type Given = string | number | bigint

/** Hidden counts as absent: either way the source doesn't tell, and 'no card' must not be read out of it. */
function part(value: unknown): Given | null | typeof ABSENT {
  if (value === null || value === ABSENT) return value
  if (value === HIDDEN) return ABSENT
  if (typeof value === 'string') return isBlank(value) ? null : value.trim()
  if (typeof value === 'number' || typeof value === 'bigint') return value
  throw new RowRefused('mapping.card')
}

/** Printed numbers have leading zeros, so these are allowed here; anything but digits is not, nor a number that was rounded on its way. */
function digits(value: Given): bigint {
  const isWhole = typeof value === 'string' ? /^\d{1,25}$/.test(value) : value >= 0 && isExact(value)
  if (!isWhole) throw new RowRefused('mapping.card')
  return BigInt(value)
}

function isExact(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function stateOf(value: unknown): CardState | typeof ABSENT {
  if (value === ABSENT || value === HIDDEN) return ABSENT
  const state = cardStates.find((known) => known === value)
  if (!state) throw new RowRefused('mapping.card-state')
  return state
}

function isConstant(expression: CellExpression): boolean {
  return expression.columns.length === 0
}

function refusing(cells: readonly CellExpression[], read: CardReader['read']): CardReader {
  return {
    needs: cells.flatMap(({ needs }) => needs),
    read: (row) => {
      try {
        return read(row)
      } catch (error) {
        throw error instanceof CardError ? new RowRefused('mapping.card') : error
      }
    },
  }
}
