/** CSV files in a folder keep the contract of people. */
import { appendFile, mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import csv from '../../connectors/csv/index.ts'
import { peopleContract } from './people.ts'
import type { PeopleSimulator, Row, Wrong } from './people-subject.ts'

const columns = ['worker_id', 'given_name', 'family_name', 'department'] as const

for (const after of ['delete', 'keep', 'move'] as const) {
  peopleContract({
    name: `csv (${after})`,
    connector: csv,
    columns,
    many: 2500,
    start: () => start(after),
    impossible: { cursor: 'a folder has none: what was taken is cleared away' },
  })
}

/** RFC 4180: every cell in quotes, and quotes doubled. */
function line(cells: readonly (string | null)[]): string {
  return `${cells.map((cell) => (cell === null ? '' : `"${cell.replaceAll('"', '""')}"`)).join(',')}\r\n`
}

function text(rows: readonly Row[], names: readonly string[] = columns): string {
  return line(names) + rows.map((row) => line(names.map((name) => row[name] ?? null))).join('')
}

const wrongText: Readonly<Record<Wrong, (rows: readonly Row[], unreadable: Row) => string>> = {
  // Text behind a closing quote.
  'unreadable-row': ([first, ...rest], unreadable) =>
    text(first === undefined ? [] : [first]) +
    line(Object.values(unreadable)).replace('",', '"x,') +
    rest.map((row) => line(Object.values(row))).join(''),
  'cut-short': (rows, unreadable) => text(rows) + line(Object.values(unreadable)).slice(0, -20),
  // Without the column that identifies people.
  refused: (rows) => text(rows, columns.slice(1)),
}

async function start(after: string): Promise<PeopleSimulator> {
  const root = await mkdtemp(join(tmpdir(), 'gatehouse-contract-'))
  const folder = join(root, 'drop')
  await mkdir(folder)
  let n = 0
  let last = ''

  /** A name of its own for each delivery, and a time of its own, a second after the one before. */
  async function write(content: string, mode: 'full' | 'delta' = 'full'): Promise<string> {
    n += 1
    last = join(folder, `workers-${n}${mode === 'delta' ? '-delta' : ''}.csv`)
    await writeFile(last, content)
    const seconds = Math.floor(Date.now() / 1000) - 100_000 + n
    await utimes(last, seconds, seconds)
    return last
  }
  const mark = (path: string) => writeFile(`${path}.done`, '')

  return {
    settings: {
      folder,
      mode: 'full',
      delta_pattern: '*-delta.csv',
      done_marker: '.done',
      delimiter: ',',
      encoding: 'utf-8',
      poll_ms: 50,
      after,
      columns: { required: ['worker_id'] },
    },
    secrets: [],
    now: () => new Date(),
    async deliver(rows, mode) {
      await mark(await write(text(rows), mode))
    },
    async deliverWrong(wrong, rows, unreadable) {
      await mark(await write(wrongText[wrong](rows, unreadable)))
    },
    async begin(rows) {
      const whole = text(rows)
      const path = await write(whole.slice(0, whole.length / 2))
      return async () => {
        await appendFile(path, whole.slice(whole.length / 2))
        await mark(path)
      }
    },
    disturb: () => appendFile(last, line(['W-9', 'Late', 'Comer', null])),
    setAway: (away) => rename(away ? folder : `${folder}-away`, away ? `${folder}-away` : folder),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}
