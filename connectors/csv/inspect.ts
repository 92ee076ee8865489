/** The first pass over a file: proves that it is whole and in a known shape before a single row is handed on; memory stays flat. */
import { createHash, type Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { resolveColumns, tellableColumns } from './columns.ts'
import { findTrailer, type Trailer } from './control-total.ts'
import { decoding, type Encoding, validity } from './encoding.ts'
import { csvError } from './errors.ts'
import { chunks, type Identity, isUnchanged, openFile, sameIdentity } from './file.ts'
import { headBytesMax, headerCells, type Layout, readLayout } from './layout.ts'
import { type Dialect, RowSplitter } from './rows.ts'
import type { CsvSettings } from './settings.ts'

export interface Inspection {
  readonly identity: Identity
  /** SHA-256 of all bytes. */
  readonly fingerprint: Buffer
  readonly encoding: Encoding
  readonly dialect: Dialect
  /** By position; null for a column without a name. */
  readonly columns: readonly (string | null)[]
  /** The same, as problems may name them. */
  readonly tellable: readonly string[]
  readonly dataStart: number
  /** The offset behind the last row: the file's end, or its trailer. */
  readonly dataEnd: number
  /** The number of the line at `dataStart`. */
  readonly dataLine: number
}

/**
 * Returns null when the file is gone or changes while it is read: then it was not complete.
 * @throws ConnectorError `rejected` with every code of a bad file; the reason of the signal when that fires
 */
export async function inspect(
  path: string,
  expected: Identity,
  settings: CsvSettings,
  signal: AbortSignal,
): Promise<Inspection | null> {
  const file = await openFile(path)
  if (file === null) return null
  try {
    const { ino, size: sizeBig, mtimeNs } = await file.stat({ bigint: true })
    const identity = { ino, size: sizeBig, mtimeNs }
    if (!sameIdentity(identity, expected)) return null
    const size = Number(sizeBig)
    if (size > settings.limits.max_file_bytes) throw csvError('csv.file-too-large', `${size} bytes`)
    const head = Buffer.alloc(Math.min(size, headBytesMax))
    if ((await file.read(head, 0, head.length, 0)).bytesRead < head.length) return null
    const layout = readLayout(head, head.length === size, settings)
    const trailer = settings.control_total === 'none' ? null : await findTrailer(file, size, layout)
    const read = await readThrough(file, size, layout, trailer, settings, signal)
    if (read === null || !(await isUnchanged(path, identity))) return null
    if (settings.control_total !== 'none') checkTotal(trailer, read, settings.control_total === 'required_trailer')
    const encoding = finalEncoding(layout, read.valid)
    const columns = resolveColumns(headerCells(layout.header, encoding, layout.dialect), settings.columns)
    const tellable = tellableColumns(columns, settings.columns)
    const { dialect, dataStart, dataLine } = layout
    const dataEnd = trailer?.at ?? size
    const { fingerprint } = read
    return { identity, fingerprint, encoding, dialect, columns, tellable, dataStart, dataEnd, dataLine }
  } finally {
    await file.close()
  }
}

interface Read {
  readonly fingerprint: Buffer
  /** Whether all bytes fit the encoding that the head suggests. */
  readonly valid: boolean
  /** How many rows are before the trailer, the bad ones included; 0 without a trailer. */
  readonly rows: number
  /** Of all bytes before the trailer. */
  readonly sha256: Buffer
}

async function readThrough(
  file: FileHandle,
  size: number,
  layout: Layout,
  trailer: Trailer | null,
  settings: CsvSettings,
  signal: AbortSignal,
): Promise<Read | null> {
  const hash = createHash('sha256')
  const valid = validity(layout.encoding)
  const dataEnd = trailer?.at ?? size
  const counter = trailer === null ? null : rowCounter(layout, settings)
  let before: Hash | null = null
  let seen = 0
  for await (const { bytes, at } of chunks(file, size, [layout.dataStart, dataEnd], signal)) {
    if (at === dataEnd) before = hash.copy()
    hash.update(bytes)
    valid.add(bytes)
    if (at >= layout.dataStart && at < dataEnd) counter?.add(bytes)
    seen = at + bytes.length
  }
  if (seen < size) return null
  const sha256 = (before ?? hash.copy()).digest()
  return { fingerprint: hash.digest(), valid: valid.valid(), rows: counter?.end() ?? 0, sha256 }
}

function rowCounter(layout: Layout, settings: CsvSettings) {
  let rows = 0
  const count = () => {
    rows++
  }
  const limits = { rowBytesMax: settings.limits.max_row_bytes, cellsMax: 0 }
  const splitter = new RowSplitter(layout.dialect, limits, { row: count, problem: count })
  const decoder = decoding(layout.encoding)
  return {
    add: (bytes: Buffer) => splitter.feed(decoder.text(bytes), false),
    end: () => {
      splitter.feed(decoder.end(), true)
      return rows
    },
  }
}

function checkTotal(trailer: Trailer | null, read: Read, required: boolean): void {
  if (trailer === null) {
    if (required) throw csvError('csv.control-total', 'there is none')
    return
  }
  if (trailer.rows === null) throw csvError('csv.control-total', 'the last line begins with T and is no control total')
  if (trailer.rows !== read.rows) throw csvError('csv.control-total', `${trailer.rows} rows told, ${read.rows} found`)
  if (trailer.sha256 !== null && !trailer.sha256.equals(read.sha256)) throw csvError('csv.control-total', 'other bytes')
}

function finalEncoding(layout: Layout, valid: boolean): Encoding {
  if (valid) return layout.encoding
  if (!layout.encodingIsSure) return 'windows-1252'
  throw csvError('csv.encoding', layout.encoding)
}
