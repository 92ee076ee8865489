/** The second pass over a file: rows as records, a thousand at a time, and an honest word at the end about whether it was all. */
import { createHash } from 'node:crypto'
import type { DeliveryEnd, RawRecord, RecordPage, RecordProblem } from '../../src/connector/contract.ts'
import { decoding } from './encoding.ts'
import { chunks, isUnchanged, openFile, sameIdentity } from './file.ts'
import type { Inspection } from './inspect.ts'
import { RowSplitter } from './rows.ts'

const pageSizeMax = 1000

/**
 * Yields at most 1,000 records and problems at a time. Not complete when the file is gone, differs from what was inspected, or
 * ends within a row.
 * @throws the reason of the signal; ConnectorError `csv.file-unreadable`
 */
export async function* pages(
  path: string,
  inspection: Inspection,
  rowBytesMax: number,
  signal: AbortSignal,
): AsyncGenerator<RecordPage, DeliveryEnd> {
  signal.throwIfAborted()
  const collector = new PageCollector(inspection)
  const file = await openFile(path)
  if (file === null) return { complete: false, records: 0, problems: 0 }
  try {
    const isSame = sameIdentity(await file.stat({ bigint: true }), inspection.identity)
    if (!isSame) return { complete: false, records: 0, problems: 0 }
    const { dataStart, dataEnd, dataLine, columns, dialect } = inspection
    const limits = { rowBytesMax, cellsMax: columns.length, cells: columns.length }
    const splitter = new RowSplitter(dialect, limits, collector, dataLine)
    const decoder = decoding(inspection.encoding)
    const hash = createHash('sha256')
    const size = Number(inspection.identity.size)
    for await (const { bytes, at } of chunks(file, size, [dataStart, dataEnd], signal)) {
      hash.update(bytes)
      if (at < dataStart || at >= dataEnd) continue
      splitter.feed(decoder.text(bytes), false)
      yield* untilAborted(collector.full(), signal)
    }
    splitter.feed(decoder.end(), true)
    yield* untilAborted(collector.all(), signal)
    // A file written over in place can keep its size, and its time within the file system's resolution.
    const isWhole = hash.digest().equals(inspection.fingerprint) && (await isUnchanged(path, inspection.identity))
    const { records, problems } = collector
    return { complete: isWhole && !splitter.looksCut, records, problems }
  } finally {
    await file.close()
  }
}

/** One piece of a file makes several pages: whoever gives up between two of them wants no more. */
function* untilAborted(ready: readonly RecordPage[], signal: AbortSignal): Generator<RecordPage> {
  for (const page of ready) {
    yield page
    signal.throwIfAborted()
  }
}

class PageCollector {
  readonly #columns: readonly (string | null)[]
  readonly #tellable: readonly string[]
  /** Copying an object that has all keys is faster than adding them one by one. */
  readonly #blank: Readonly<Record<string, string | null>>
  #ready: RecordPage[] = []
  #records: RawRecord[] = []
  #problems: RecordProblem[] = []
  records = 0
  problems = 0

  constructor({ columns, tellable }: Pick<Inspection, 'columns' | 'tellable'>) {
    this.#columns = columns
    this.#tellable = tellable
    this.#blank = Object.fromEntries(columns.filter((name) => name !== null).map((name) => [name, null]))
  }

  row(line: number, values: readonly (string | null)[], count: number): void {
    const cells = { ...this.#blank }
    for (let index = 0; index < count; index++) {
      const value = values[index]
      const name = this.#columns[index]
      if (value != null && name != null) cells[name] = value
    }
    this.records++
    this.#records.push({ place: `line ${line}`, cells })
    this.#turn()
  }

  problem(line: number, code: string, column?: number): void {
    const name = column === undefined ? undefined : this.#tellable[column]
    this.problems++
    this.#problems.push({ place: `line ${line}`, code, ...(name === undefined ? {} : { column: name }) })
    this.#turn()
  }

  /** The pages that are full, once each. */
  full(): readonly RecordPage[] {
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  /** All pages that are left, the last of them seldom full. */
  all(): readonly RecordPage[] {
    if (this.#records.length + this.#problems.length > 0) this.#close()
    return this.full()
  }

  #turn(): void {
    if (this.#records.length + this.#problems.length >= pageSizeMax) this.#close()
  }

  #close(): void {
    this.#ready.push({ records: this.#records, problems: this.#problems })
    this.#records = []
    this.#problems = []
  }
}
