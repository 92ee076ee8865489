/** What a search may ask: seven operators on the columns of what is searched, and the order by a column. */
import { Refusal } from './envelope.ts'
import { moment, type Row, text, whole } from './input.ts'
import type { Quirks } from './quirks.ts'

interface Column<Entry> {
  read(entry: Entry): number | string | null
  /** A moment is compared as such, and written as one. */
  isMoment?: boolean
  /** Holds personal data, which may be encrypted. */
  isPersonal?: boolean
}

export type Columns<Entry> = Readonly<Record<string, Column<Entry>>>

export type Condition<Entry> = (entry: Entry) => boolean

/** Orders by a column; what has no value comes first. */
export function compareBy<Entry>(column: unknown, descending: boolean, columns: Columns<Entry>) {
  const { read } = columnNamed(column, columns)
  const sign = descending ? -1 : 1
  return (left: Entry, right: Entry): number => sign * compare(read(left) ?? '', read(right) ?? '')
}

/** One condition. An unknown column, an unknown operator or a missing value is refused with 30. */
export function conditionOf<Entry>(
  sent: Row,
  columns: Columns<Entry>,
  { personalDataEncrypted }: Pick<Quirks, 'personalDataEncrypted'>,
): Condition<Entry> {
  const column = columnNamed(sent.column, columns)
  const operator = whole(sent.operator)
  if (column.isPersonal && personalDataEncrypted && operator > 2) throw new Refusal('30')
  if (!Array.isArray(sent.values)) throw new Refusal('30')
  const values = sent.values.map((value: unknown) => (column.isMoment ? moment(value) : text(value)))
  return test(column, operator, values)
}

// 0 equal, 1 not equal, 2 in the list, 3 between with both ends, 4 like, 5 greater, 6 less. What has no value fulfils none but 1.
function test<Entry>(
  { read }: Column<Entry>,
  operator: number,
  values: readonly (number | string)[],
): Condition<Entry> {
  const [first, second] = values
  if (first === undefined) throw new Refusal('30')
  const against = (value: number | string, holds: (difference: number) => boolean): Condition<Entry> => {
    const compareTo = comparison(value)
    return (entry) => {
      const cell = read(entry)
      return cell !== null && cell !== '' && holds(compareTo(cell))
    }
  }
  switch (operator) {
    case 0:
      return against(first, (difference) => difference === 0)
    case 1: {
      const equal = against(first, (difference) => difference === 0)
      return (entry) => !equal(entry)
    }
    case 2: {
      const wanted = new Set(values.map(String))
      return (entry) => wanted.has(String(read(entry) ?? ''))
    }
    case 3: {
      if (second === undefined) throw new Refusal('30')
      const fromFirst = against(first, (difference) => difference >= 0)
      const toSecond = against(second, (difference) => difference <= 0)
      return (entry) => fromFirst(entry) && toSecond(entry)
    }
    case 4: {
      const pattern = likePattern(String(first))
      return (entry) => pattern.test(String(read(entry) ?? ''))
    }
    case 5:
      return against(first, (difference) => difference > 0)
    case 6:
      return against(first, (difference) => difference < 0)
    default:
      throw new Refusal('30')
  }
}

/** Compares cells with this value; numbers by value even when one of them was sent as text. */
function comparison(value: number | string): (cell: number | string) => number {
  const number = numberIn(value)
  if (number === null) return (cell) => compare(cell, value)
  return (cell) => (typeof cell === 'number' ? cell - number : compare(cell, value))
}

function compare(left: number | string, right: number | string): number {
  const leftNumber = numberIn(left)
  const rightNumber = numberIn(right)
  if (leftNumber !== null && rightNumber !== null) return leftNumber - rightNumber
  return String(left) < String(right) ? -1 : String(left) > String(right) ? 1 : 0
}

function numberIn(value: number | string): number | null {
  if (typeof value === 'number') return value
  return value.trim() === '' || Number.isNaN(Number(value)) ? null : Number(value)
}

/** Which wildcards "like" takes is not published: `%` stands for any text, and a value without one for any text around it. */
function likePattern(value: string): RegExp {
  const parts = value.split('%').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.length === 1 ? (parts[0] ?? '') : `^${parts.join('.*')}$`, 'i')
}

function columnNamed<Entry>(name: unknown, columns: Columns<Entry>): Column<Entry> {
  const column = columns[text(name)]
  if (!column) throw new Refusal('30')
  return column
}
