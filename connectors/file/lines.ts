/** Writes events as lines of CSV or JSONL, and the control total behind the last of them. */
import type { OutgoingEvent } from '../../src/connector/contract.ts'
import { eventJson } from '../../src/connector/event-json.ts'
import type { FeedName } from '../../src/model/events/reveal.ts'
import type { FileSettings } from './settings.ts'

/** How the lines of one file are written, and read again by us. Every line ends in a line feed, and holds no other. */
export interface Lines {
  /** The first line, if there is one. */
  readonly header: string
  line(event: OutgoingEvent): string
  /** The id of the event in a line of this form; null for one that is of no event. */
  idOf(line: string): string | null
  trailer(count: number, sha256: string): string
  isTrailer(line: string): boolean
}

type Form = Pick<FileSettings, 'format' | 'columns' | 'delimiter'>

/** Unless the settings say others. Of a punch: who, on which day of work, what, and when; then what corrects it, and when that was known. */
const columnsOf: Readonly<Record<FeedName, readonly string[]>> = {
  events: ['time', 'type', 'source', 'sequence', 'data'],
  punches: [
    ...['sequence', 'data.person.employeeNumber', 'data.person.id', 'data.day', 'data.kind', 'data.localTime'],
    ...['data.zone', 'data.correction', 'data.voids.sequence', 'data.recordedAt'],
  ],
}

/** `feed` decides the columns where the settings name none. */
export function linesOf({ format, columns, delimiter }: Form, feed: FeedName): Lines {
  return format === 'csv' ? csv(columns ?? columnsOf[feed], delimiter) : jsonl
}

const jsonl: Lines = {
  header: '',
  line: (event) => `${eventJson(event)}\n`,
  idOf(line) {
    const { id } = JSON.parse(line) as { readonly id?: unknown }
    return typeof id === 'string' ? id : null
  },
  trailer: (count, sha256) => `${JSON.stringify({ total: { count, sha256 } })}\n`,
  isTrailer: (line) => line.startsWith('{"total":'),
}

/** The total is the one that our own source of CSV files asks for: `T`, the number of rows, and the hash of all bytes before that line. */
function csv(columns: readonly string[], delimiter: string): Lines {
  const row = (cells: readonly string[]) => `${cells.map((cell) => quoted(cell, delimiter)).join(delimiter)}\n`
  const header = row(['id', ...columns])
  return {
    header,
    // An id of ours begins with no sign of a formula but a hyphen, and is known again as it is.
    line: (event) => row([event.id, ...columns.map((column) => harmless(cellOf(valueAt(event, column))))]),
    idOf: (line) => (`${line}\n` === header ? null : (line.split(delimiter, 1)[0] ?? '').replaceAll('"', '')),
    trailer: (count, sha256) => `${['T', count, sha256].join(delimiter)}\n`,
    isTrailer: (line) => new RegExp(`^T${delimiter}\\d+${delimiter}[0-9a-f]{64}$`).test(line),
  }
}

function valueAt(event: OutgoingEvent, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inside, name) => (inside !== null && typeof inside === 'object' ? Reflect.get(inside, name) : null),
      event,
    )
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** A table program takes a cell that begins so for a formula; and a line break would make two lines of one. */
function harmless(cell: string): string {
  const line = cell.replace(/\p{Cc}+|[\u2028\u2029]/gu, ' ')
  return /^\s*[=+\-@]/.test(line) && !/^-?\d+(\.\d+)?$/.test(line) ? `'${line}` : line
}

function quoted(cell: string, delimiter: string): string {
  return cell.includes(delimiter) || /["\n\r]|^\s|\s$|^T$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
