/** What was read, as a delivery: held in memory until it was taken, and the same however often it is asked for. */
import type { Delivery, DeliveryEnd, RecordPage } from '../../../src/connector/contract.ts'
import type { Row } from './rows.ts'

/** Rows in one page: each is taken in as a whole. */
const pageSize = 250

export interface Read {
  readonly mode: 'full' | 'delta'
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
  /** Carriers that are there no more. */
  readonly gone: readonly string[]
  readonly begunAt: Date
  readonly cursor: string
}

export function deliveryOf(read: Read, onSettled: () => void): Delivery {
  const { mode, columns, begunAt } = read
  return {
    name: `${mode === 'full' ? 'everybody' : 'changes'} as of ${begunAt.toISOString()}`,
    mode,
    arrivedAt: begunAt,
    writtenAt: begunAt,
    settledMs: 0,
    fingerprint: null,
    columns,
    pages: (signal) => pagesOf(read, signal),
    async settle() {
      onSettled()
    },
  }
}

async function* pagesOf({ rows, gone, cursor }: Read, signal: AbortSignal): AsyncGenerator<RecordPage, DeliveryEnd> {
  signal.throwIfAborted()
  for (let start = 0; start < rows.length; start += pageSize) {
    const some = rows.slice(start, start + pageSize)
    yield { records: some.map(({ cells }, i) => ({ place: `record ${start + i + 1}`, cells })), problems: [] }
    signal.throwIfAborted()
  }
  for (let start = 0; start < gone.length; start += pageSize) {
    const some = gone.slice(start, start + pageSize)
    const ended = some.map((id, i) => ({ place: `removal ${start + i + 1}`, cells: { id } }))
    yield { records: [], problems: [], gone: ended }
    signal.throwIfAborted()
  }
  return { complete: true, records: rows.length, problems: 0, cursor }
}
