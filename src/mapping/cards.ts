/** The cards that a row speaks of; a source that shows no cards is told apart from a person who has none. */
import { type Card, type CardClaim, type CardState, cardStates, csn, h10301 } from '../model/card.ts'
import { CardError } from '../model/cards/coding.ts'
import { ABSENT, type CellExpression, type Cells, compileCell } from './cell.ts'
import { isBlank } from './coerce.ts'
import { HIDDEN } from './functions.ts'
import { RowRefused } from './problem.ts'

/** Expressions for one card. `state` gives a card state in words; without it a card is `active`. */
export type CardMapping =
  | { readonly format: 'H10301'; readonly facility: string; readonly number: string; readonly state?: string }
  | { readonly format: 'CSN'; readonly uid: string; readonly state?: string }

/** A claim; null when the row says that there is no card; ABSENT when it doesn't speak of this card. */
export interface CompiledCard {
  readonly read: (cells: Cells) => CardClaim | null | typeof ABSENT
}

export function compileCard(field: string, mapping: CardMapping): CompiledCard {
  const state = mapping.state === undefined ? null : compileCell(`${field}.state`, mapping.state)
  const readCard = mapping.format === 'H10301' ? numberReader(field, mapping) : uidReader(field, mapping)
  return {
    read: (cells) => {
      const card = readCard(cells)
      if (card === null || card === ABSENT) return card
      const said = state ? stateOf(state.read(cells)) : 'active'
      return said === ABSENT ? ABSENT : { card, state: said }
    },
  }
}

type CardReader = (cells: Cells) => Card | null | typeof ABSENT

function numberReader(field: string, mapping: CardMapping & { format: 'H10301' }): CardReader {
  const facility = compileCell(`${field}.facility`, mapping.facility)
  const number = compileCell(`${field}.number`, mapping.number)
  return refusing((cells) => {
    const left = part(facility.read(cells))
    const right = part(number.read(cells))
    if (left !== null && left !== ABSENT && right !== null && right !== ABSENT)
      return h10301(digits(left), digits(right))
    // A facility that is a constant of the site isn't given by the row, so it alone makes no card half.
    const given = (left !== null && left !== ABSENT && !isConstant(facility)) || (right !== null && right !== ABSENT)
    if (given) throw new RowRefused('mapping.card-half')
    return left === ABSENT || right === ABSENT ? ABSENT : null
  })
}

function uidReader(field: string, mapping: CardMapping & { format: 'CSN' }): CardReader {
  const uid = compileCell(`${field}.uid`, mapping.uid)
  return refusing((cells) => {
    const value = part(uid.read(cells))
    if (value === null || value === ABSENT) return value
    if (typeof value !== 'string') throw new RowRefused('mapping.card')
    return csn(value)
  })
}

/** Hidden counts as absent: either way the source doesn't tell, and 'no card' must not be read out of it. */
function part(value: unknown): string | number | bigint | null | typeof ABSENT {
  if (value === null || value === ABSENT) return value
  if (value === HIDDEN) return ABSENT
  if (typeof value === 'string') return isBlank(value) ? null : value.trim()
  if (typeof value === 'number' || typeof value === 'bigint') return value
  throw new RowRefused('mapping.card')
}

/** Printed numbers have leading zeros, so these are allowed here; anything but digits is not. */
function digits(value: string | number | bigint): number {
  if (typeof value === 'string' && !/^\d{1,8}$/.test(value)) throw new RowRefused('mapping.card')
  return Number(value)
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

function refusing(read: CardReader): CardReader {
  return (cells) => {
    try {
      return read(cells)
    } catch (error) {
      throw error instanceof CardError ? new RowRefused('mapping.card') : error
    }
  }
}
