/** HR files in memory: rows as people write them, delivered page by page like any source's. */
import { createHash } from 'node:crypto'
import type { Delivery, RawRecord, RecordProblem } from '../connector/contract.ts'
import { compileMapping } from '../mapping/mapping.ts'
import type { SourceSetup } from './context.ts'

/** One line of the file; what is left out is an empty cell. */
export interface HrRow {
  readonly id: string
  readonly person?: string
  readonly number?: string
  readonly given?: string
  readonly family?: string
  readonly department?: string
  readonly site?: string
  readonly start?: string
  readonly end?: string
  readonly lastDay?: string
  readonly status?: 'active' | 'left' | 'suspended' | ''
  readonly card?: string
  readonly cardState?: string
}

const columns = [
  'id',
  'person',
  'number',
  'given',
  'family',
  'department',
  'site',
  'start',
  'end',
  'lastDay',
  'status',
  'card',
  'cardState',
] as const

const mapping = {
  key: 'row.id',
  person: 'row.person',
  fields: {
    employeeNumber: 'row.number',
    givenName: 'row.given',
    familyName: 'row.family',
    department: 'row.department == "hidden" ? hidden() : row.department',
    site: 'row.site',
    start: 'date(row.start, "yyyy-MM-dd")',
    end: 'row.end == "hidden" ? hidden() : date(row.end, "yyyy-MM-dd")',
    lastWorkingDay: 'date(row.lastDay, "yyyy-MM-dd")',
    left: 'row.status == "left"',
    suspended: 'row.status == "suspended"',
  },
  cards: [{ format: 'H10301', facility: '7', number: 'row.card', state: 'row.cardState' }],
} as const

const hour = 3_600_000

/** `zone` is Berlin, so that a day never ends when UTC's does. */
export function hrSource(id = 'hr', change: Partial<SourceSetup> = {}): SourceSetup {
  return {
    id,
    zone: 'Europe/Berlin',
    mapping: compileMapping(mapping),
    mappingVersion: '1',
    keyOf: (cells) => (cells.id === undefined || cells.id === null || cells.id.trim() === '' ? null : cells.id),
    absenceConfirmAfterMs: 20 * hour,
    expectEveryMs: null,
    archiveKeepMs: null,
    brakes: {
      'lockout-absence': { min: 1000, percent: 0 },
      revoke: { min: 1000, percent: 0 },
      grant: { min: 1000, percent: 0 },
      create: { min: 1000, percent: 0 },
      change: { min: 1000, percent: 0 },
    },
    ...change,
  }
}

export interface FileOptions {
  readonly mode?: 'full' | 'delta'
  /** The read did not reach its end. */
  readonly cut?: boolean
  /** Lines that could not be read at all. */
  readonly problems?: readonly RecordProblem[]
  readonly perPage?: number
  readonly arrivedAt: Date
}

export interface HrFile extends Delivery {
  readonly settled: readonly string[]
}

export function hrFile(rows: readonly HrRow[], options: FileOptions): HrFile {
  const { mode = 'full', cut = false, problems = [], perPage = 1000, arrivedAt } = options
  const records = rows.map((row, i): RawRecord => ({ place: `line ${i + 2}`, cells: cellsOf(row) }))
  const settled: string[] = []
  return {
    name: 'people.csv',
    mode,
    arrivedAt,
    writtenAt: arrivedAt,
    settledMs: 12.4,
    fingerprint: createHash('sha256')
      .update(JSON.stringify([records, mode, cut, problems]))
      .digest(),
    columns,
    settled,
    async *pages(signal) {
      for (let start = 0; start === 0 || start < records.length; start += perPage) {
        signal.throwIfAborted()
        const first = start === 0
        yield { records: records.slice(start, start + perPage), problems: first ? problems : [] }
      }
      return { complete: !cut, records: records.length, problems: problems.length }
    },
    async settle(outcome) {
      settled.push(outcome)
    },
  }
}

function cellsOf(row: HrRow): Record<string, string | null> {
  const given: Readonly<Record<string, string | undefined>> = { status: 'active', cardState: 'active', ...row }
  return Object.fromEntries(columns.map((column) => [column, given[column] ?? '']))
}
