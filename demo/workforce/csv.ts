/** Workforce rows as the files that HR suites drop: four encodings, any delimiter, with or without a control total. */
import { createHash } from 'node:crypto'
import { byteOrderMark, type Encoding, encode } from './encoding.ts'
import { columns, type WorkerRow } from './worker-row.ts'
import { type WorkforceOptions, workerRows } from './workforce.ts'

export interface CsvOptions {
  /** One character; default `,`. */
  delimiter: ',' | ';' | '\t' | '|'
  /** Default `utf-8`. */
  encoding: Encoding
  newline: '\n' | '\r\n'
  /** `minimal` (default) quotes cells that hold a delimiter, quote, backslash escape or line break; `all` quotes every cell. */
  quote: 'minimal' | 'all'
  /** What stands before a quote inside a cell: `"` (default, RFC 4180 section 2.7) or a backslash, as some programs do. */
  escape: '"' | '\\'
  /** What a null cell reads, never quoted; default empty, which makes null and empty cells look alike. */
  nullText: string
  /** Last line `T<delimiter><rows><delimiter><sha256 hex of all bytes before that line>`; default false. */
  trailer: boolean
  /** In the order in which they stand; default as in `worker-row.ts`. */
  columns: readonly (typeof columns)[number][]
}

const defaults: CsvOptions = {
  delimiter: ',',
  encoding: 'utf-8',
  newline: '\r\n',
  quote: 'minimal',
  escape: '"',
  nullText: '',
  trailer: false,
  columns,
}

/** A whole file: header, rows, and the trailer where asked for. */
export function toCsv(rows: Iterable<WorkerRow>, options: Partial<CsvOptions> = {}): Buffer {
  return Buffer.concat([...csvChunks(rows, options)])
}

/**
 * The file of a workforce of `size` people in pieces of about 64 KiB, in memory that does not grow with `size`.
 * Without `today` it is written as of 15 January 2026, so that benchmarks compare equal bytes.
 */
export function streamCsv(
  size: number,
  seed: number,
  options: Partial<CsvOptions> & Partial<Pick<WorkforceOptions, 'today' | 'traps'>> = {},
): Generator<Buffer, void, undefined> {
  const { today = '2026-01-15', traps, ...csv } = options
  return csvChunks(workerRows({ size, seed, today, ...(traps === undefined ? {} : { traps }) }), csv)
}

const chunkChars = 65_536

function* csvChunks(rows: Iterable<WorkerRow>, options: Partial<CsvOptions>): Generator<Buffer, void, undefined> {
  const csv = { ...defaults, ...options }
  const hash = createHash('sha256')
  const counted = (bytes: Buffer): Buffer => {
    hash.update(bytes)
    return bytes
  }
  const write = lineWriter(csv)
  let text = byteOrderMark(csv.encoding) + write(csv.columns)
  let count = 0
  for (const row of rows) {
    text += write(csv.columns.map((column) => row[column]))
    count++
    if (text.length < chunkChars) continue
    yield counted(encode(text, csv.encoding))
    text = ''
  }
  yield counted(encode(text, csv.encoding))
  if (csv.trailer) {
    const total = ['T', count, hash.digest('hex')].join(csv.delimiter)
    yield encode(total + csv.newline, csv.encoding)
  }
}

type Cell = string | number | null

function lineWriter({
  delimiter,
  newline,
  quote,
  escape: sign,
  nullText,
}: CsvOptions): (cells: readonly Cell[]) => string {
  const special = new RegExp(`["\\r\\n${sign === '\\' ? '\\\\' : ''}${delimiter === '|' ? '\\|' : delimiter}]`)
  const escaped = sign === '"' ? /"/g : /["\\]/g
  const write = (cell: Cell): string => {
    if (cell === null) return nullText
    const text = String(cell)
    // A text that reads like the null cell is quoted, or it would turn into one.
    const needsQuotes = quote === 'all' || special.test(text) || (nullText !== '' && text === nullText)
    return needsQuotes ? `"${text.replace(escaped, `${sign}$&`)}"` : text
  }
  return (cells) => cells.map(write).join(delimiter) + newline
}
