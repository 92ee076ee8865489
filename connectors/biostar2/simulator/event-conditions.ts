/** What a search of events may ask about: the columns, the seven operators, and the order by a column. */
import { Refusal } from './envelope.ts'
import type { LoggedEvent } from './event-log.ts'
import { shownUserId } from './event-rows.ts'
import { moment, type Row, text, whole } from './input.ts'
import type { Quirks } from './quirks.ts'
import type { Simulation } from './simulation.ts'

interface Column {
  read(event: LoggedEvent): number | string | null
  /** A moment is compared as such, and written as one. */
  isMoment?: boolean
  /** Holds personal data, which may be encrypted. */
  isPersonal?: boolean
}

type Columns = Readonly<Record<string, Column>>

export type Condition = (event: LoggedEvent) => boolean

const minuteMs = 60_000

/** Column names of the vendor's support article on retrieving event logs, and the three that clients use besides. */
export function columnsOf(simulation: Simulation): Columns {
  const aheadMs = simulation.options.serverOffsetMinutes * minuteMs
  return {
    id: { read: ({ id }) => id },
    datetime: { read: ({ atMs }) => atMs, isMoment: true },
    server_datetime: { read: ({ storedMs }) => storedMs + aheadMs, isMoment: true },
    index: { read: ({ index }) => index },
    device_id: { read: ({ deviceId }) => deviceId },
    'device_id.id': { read: ({ deviceId }) => deviceId },
    'door_id.id': { read: ({ doorId }) => doorId },
    'event_type_id.code': { read: ({ code }) => code },
    'user_group_id.id': { read: ({ userGroupId }) => userGroupId },
    'user_id.user_id': { read: (event) => shownUserId(simulation, event), isPersonal: true },
  }
}

/** Orders by a column; what has no value comes first. */
export function compareBy(column: unknown, descending: boolean, columns: Columns) {
  const { read } = columnNamed(column, columns)
  const sign = descending ? -1 : 1
  return (left: LoggedEvent, right: LoggedEvent): number => sign * compare(read(left) ?? '', read(right) ?? '')
}

/** One condition. An unknown column, `tna_key` among them, an unknown operator or a missing value is refused with 30. */
export function conditionOf(sent: Row, columns: Columns, quirks: Quirks): Condition {
  const column = columnNamed(sent.column, columns)
  const operator = whole(sent.operator)
  if (column.isPersonal && quirks.personalDataEncrypted && operator > 2) throw new Refusal('30')
  if (!Array.isArray(sent.values)) throw new Refusal('30')
  const values = sent.values.map((value: unknown) => (column.isMoment ? moment(value) : text(value)))
  return test(column, operator, values)
}

// 0 equal, 1 not equal, 2 in the list, 3 between with both ends, 4 like, 5 greater, 6 less. What has no value fulfils none but 1.
function test({ read }: Column, operator: number, values: readonly (number | string)[]): Condition {
  const [first, second] = values
  if (first === undefined) throw new Refusal('30')
  const against = (value: number | string, holds: (difference: number) => boolean): Condition => {
    const compareTo = comparison(value)
    return (event) => {
      const cell = read(event)
      return cell !== null && cell !== '' && holds(compareTo(cell))
    }
  }
  switch (operator) {
    case 0:
      return against(first, (difference) => difference === 0)
    case 1: {
      const equal = against(first, (difference) => difference === 0)
      return (event) => !equal(event)
    }
    case 2: {
      const wanted = new Set(values.map(String))
      return (event) => wanted.has(String(read(event) ?? ''))
    }
    case 3: {
      if (second === undefined) throw new Refusal('30')
      const fromFirst = against(first, (difference) => difference >= 0)
      const toSecond = against(second, (difference) => difference <= 0)
      return (event) => fromFirst(event) && toSecond(event)
    }
    case 4: {
      const pattern = likePattern(String(first))
      return (event) => pattern.test(String(read(event) ?? ''))
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

function columnNamed(name: unknown, columns: Columns): Column {
  const column = columns[text(name)]
  if (!column) throw new Refusal('30')
  return column
}
