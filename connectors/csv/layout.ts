/** Reads the first bytes of a file as a person would: which delimiter, which line ends, where the header is and where the rows begin. */
import { decoding, type Encoding, guessEncoding, isUtf16 } from './encoding.ts'
import { csvError } from './errors.ts'
import { type Dialect, RowSplitter } from './rows.ts'
import type { CsvSettings } from './settings.ts'

/** How many bytes of a file are looked at. A header that is longer is refused. */
export const headBytesMax = 64 * 1024

export interface Layout {
  readonly encoding: Encoding
  /** Only the whole file can tell whether it is UTF-8. */
  readonly encodingIsSure: boolean
  readonly dialect: Dialect
  /** The header's bytes, without a byte order mark. */
  readonly header: Buffer
  /** The offset of the first byte after the header. */
  readonly dataStart: number
  /** The number of the line that begins there. */
  readonly dataLine: number
}

const candidates = [',', ';', '\t', '|'] as const
const judgedRows = 50

/**
 * @param whole that `head` is the whole file
 * @throws ConnectorError `rejected`: `csv.empty`, `csv.header`, `csv.too-many-columns`, `csv.encoding`
 */
export function readLayout(head: Buffer, whole: boolean, settings: CsvSettings): Layout {
  const guess = guessEncoding(head, settings.encoding)
  const body = head.subarray(guess.bomBytes)
  const unit = isUtf16(guess.encoding) ? 2 : 1
  // Everything that gives a file its shape is ASCII. Read as ISO-8859-1, one character is one byte and offsets stay true.
  const text = unit === 2 ? decoding(guess.encoding).text(body) : body.toString('latin1')
  const newline = text.includes('\n') || !text.includes('\r') ? '\n' : '\r'
  const hint = /^"?sep=([,;\t|])"?\r?(?:[\r\n]|$)/i.exec(text)
  const skipped = hint?.[0].length ?? 0
  const shape = { quote: settings.quote === 'none' ? null : settings.quote, escape: settings.escape, newline } as const
  const rest = text.slice(skipped)
  const delimiter =
    settings.delimiter === 'auto' ? (hint?.[1] ?? findDelimiter(rest, whole, shape)) : settings.delimiter
  const dialect = { ...shape, delimiter }
  const found = headerRow(rest, whole, dialect, settings)
  const from = guess.bomBytes + skipped * unit
  const dataStart = from + found.characters * unit
  return {
    encoding: guess.encoding,
    encodingIsSure: guess.sure,
    dialect,
    header: head.subarray(from, dataStart),
    dataStart,
    dataLine: found.nextLine + (skipped > 0 ? 1 : 0),
  }
}

/** The cells of the header in its true encoding. */
export function headerCells(header: Buffer, encoding: Encoding, dialect: Dialect): readonly (string | null)[] {
  const decoder = decoding(encoding)
  return firstRow(decoder.text(header) + decoder.end(), dialect) ?? []
}

/** The cells of the first row of a text; null when it has none that can be read. */
export function firstRow(text: string, dialect: Dialect): readonly (string | null)[] | null {
  let first: readonly (string | null)[] | null = null
  const limits = { rowBytesMax: 4 * headBytesMax, cellsMax: headBytesMax, rowsMax: 1 }
  const splitter = new RowSplitter(dialect, limits, {
    row: (_line, cells, count) => {
      first = cells.slice(0, count)
    },
    // Stays null: the caller tells an unreadable row from a readable one, not why.
    problem: () => undefined,
  })
  splitter.feed(text, true)
  return first
}

function headerRow(text: string, whole: boolean, dialect: Dialect, settings: CsvSettings) {
  let columns = 0
  const limits = { rowBytesMax: 4 * headBytesMax, cellsMax: 0, rowsMax: 1 }
  const splitter = new RowSplitter(dialect, limits, {
    row: (_line, _cells, count) => {
      columns = count
    },
    problem: () => {
      throw csvError('csv.header')
    },
  })
  splitter.feed(text, whole)
  if (columns === 0) throw csvError(whole ? 'csv.empty' : 'csv.header', whole ? undefined : 'it is longer than 64 KiB')
  if (columns > settings.limits.max_columns) throw csvError('csv.too-many-columns', `${columns} columns`)
  return { characters: splitter.position, nextLine: splitter.line }
}

/** The candidate that gives the widest header, weighed by how many of the first rows are as wide; a comma when none splits anything. */
function findDelimiter(text: string, whole: boolean, shape: Omit<Dialect, 'delimiter'>): string {
  let best: string = ','
  let bestScore = 0
  for (const delimiter of candidates) {
    const widths: number[] = []
    const limits = { rowBytesMax: headBytesMax, cellsMax: 0, rowsMax: judgedRows }
    const splitter = new RowSplitter({ ...shape, delimiter }, limits, {
      row: (_line, _cells, count) => widths.push(count),
      problem: () => widths.push(0),
    })
    splitter.feed(text, whole)
    const width = widths[0] ?? 0
    const score = ((width - 1) * widths.filter((each) => each === width).length) / widths.length
    if (score > bestScore) {
      best = delimiter
      bestScore = score
    }
  }
  return best
}
