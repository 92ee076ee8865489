/** The floor of the import: parse the same file with the same reader, then COPY the same rows into the same tables, unsealed. */
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import csv from '../connectors/csv/index.ts'
import type { Context, Delivery } from '../src/connector/contract.ts'
import { noCalls } from '../src/connector/http.ts'
import { type CopyValue, copyRows } from '../src/store/copy.ts'
import { answerParent } from './child-process.ts'
import { type FloorTable, plainRows, type Row } from './plain-rows.ts'
import { type Stored, storedIn } from './stored.ts'

export interface Table extends Stored {
  readonly name: FloorTable
}

export interface FloorRequest {
  /** The only CSV file of its folder. */
  readonly file: string
  readonly database: pg.ClientConfig
  /** What the gateway stored: so many rows of each table are written. */
  readonly stored: readonly Table[]
  readonly rounds: number
}

export interface FloorTimes {
  readonly parseMs: readonly number[]
  readonly importMs: readonly number[]
  readonly stored: readonly Table[]
}

answerParent({
  async measure({ file, database, stored, rounds }: FloorRequest): Promise<FloorTimes> {
    const parseMs: number[] = []
    const importMs: number[] = []
    const client = new pg.Client(database)
    await client.connect()
    try {
      await prepare(client, stored)
      for (let round = 0; round < rounds; round += 1) {
        for (const { name } of stored) await client.query(`truncate floor.${name}`)
        const begun = performance.now()
        const rows = await parse(file)
        parseMs.push(performance.now() - begun)
        await copyAll(client, rows, stored)
        importMs.push(performance.now() - begun)
      }
      return { parseMs, importMs, stored: await widths(client, stored) }
    } finally {
      await client.end()
    }
  },
})

/** The same columns, keys and indexes. */
async function prepare(client: pg.Client, tables: readonly Table[]): Promise<void> {
  await client.query('create schema floor')
  for (const { name } of tables) await client.query(`create table floor.${name} (like gatehouse.${name} including all)`)
}

const context: Context = {
  http: noCalls,
  log: () => undefined,
  now: () => new Date(),
}

/** Both passes over the file, as the gateway's own reader makes them: the first proves that it is whole. */
async function parse(file: string): Promise<Row[]> {
  const settings = csv.settings.parse({ folder: dirname(file), mode: 'full', settle_ms: 0, after: 'keep' })
  const { signal } = new AbortController()
  const { people } = await csv.connect(settings, context, signal)
  let delivery: Delivery | null = null
  while (delivery === null) {
    delivery = await people.read(signal, null)
    if (delivery === null) await sleep(1)
  }
  const rows: Row[] = []
  const pages = delivery.pages(signal)
  for (;;) {
    const page = await pages.next()
    if (page.done) return rows
    for (const { cells } of page.value.records) rows.push(cells)
  }
}

async function copyAll(client: pg.Client, rows: readonly Row[], tables: readonly Table[]): Promise<void> {
  const columns = plainRows(rows)
  await client.query('begin')
  for (const { name, rows: count } of tables) {
    const { names, make } = columns[name]
    const values: CopyValue[][] = []
    for (let i = 0; i < count; i += 1) values.push(make(i))
    await copyRows(client, `floor.${name}`, names, values)
  }
  await client.query('commit')
}

async function widths(client: pg.Client, tables: readonly Table[]): Promise<Table[]> {
  const found: Table[] = []
  for (const { name } of tables) found.push({ name, ...(await storedIn(client, `floor.${name}`)) })
  return found
}
