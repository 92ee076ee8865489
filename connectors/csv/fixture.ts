/** A drop folder for tests: its own temporary directory, a clock that tests move, and a log that can be searched. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { z } from 'zod'
import type { Context, Delivery, DeliveryEnd, RawRecord, RecordProblem } from '../../src/connector/contract.ts'
import { noCalls } from '../../src/connector/http.ts'
import connector from './index.ts'
import { type CsvSettings, settings } from './settings.ts'

export type SettingsInput = Partial<z.input<typeof settings>>

export async function dropFolder(input: SettingsInput = {}) {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-csv-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  const parsed: CsvSettings = settings.parse({ folder: path, mode: 'full', ...input })
  let nowMs = Date.UTC(2026, 10, 24, 8)
  const log: { level: string; event: string; fields: object | undefined }[] = []
  const context: Context = {
    http: noCalls,
    log: (level, event, fields) => void log.push({ level, event, fields }),
    now: () => new Date(nowMs),
  }
  const connection = await connector.connect(parsed, context, new AbortController().signal)
  const { people } = connection
  const never = new AbortController().signal
  return {
    path,
    log,
    connection,
    people,
    tick: (ms: number) => {
      nowMs += ms
    },
    write: (name: string, content: string | Buffer) => writeFile(join(path, name), content),
    at: (name: string) => join(path, name),
    read: () => people.read(never, null),
    /** Two looks far enough apart, as time alone would bring them. */
    async readSettled(): Promise<Delivery | null> {
      const first = await people.read(never, null)
      if (first !== null) return first
      nowMs += parsed.settle_ms
      return people.read(never, null)
    },
  }
}

export interface AllPages {
  readonly records: readonly RawRecord[]
  readonly problems: readonly RecordProblem[]
  readonly end: DeliveryEnd
  readonly pageSizes: readonly number[]
}

/** Reads a delivery to its end and checks that the counts at the end are true. */
export async function allPages(delivery: Delivery | null, signal?: AbortSignal): Promise<AllPages> {
  if (delivery === null) throw new Error('there is no delivery')
  const records: RawRecord[] = []
  const problems: RecordProblem[] = []
  const pageSizes: number[] = []
  const iterator = delivery.pages(signal ?? new AbortController().signal)
  for (;;) {
    const step = await iterator.next()
    if (step.done) {
      const { value: end } = step
      if (end.records !== records.length || end.problems !== problems.length) throw new Error('the end miscounts')
      return { records, problems, end, pageSizes }
    }
    records.push(...step.value.records)
    problems.push(...step.value.problems)
    pageSizes.push(step.value.records.length + step.value.problems.length)
  }
}
