/** Import of a whole workforce up to the stored, held plan, the same file again, and the memory that both take. */
import { toCsv } from '../demo/workforce/csv.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { median, perSecond } from './arithmetic.ts'
import { startChild } from './child-process.ts'
import { atLeast, atMost, type Claim } from './claim.ts'
import type { FloorRequest, FloorTimes, Table } from './import-floor-child.ts'
import { floorTables } from './plain-rows.ts'
import type { BenchRequest } from './request.ts'
import { openSite, type Site, until } from './site.ts'
import { settleMs } from './site-config.ts'
import { refuseUnlike, storedIn } from './stored.ts'

/** Times the floor may be exceeded. */
const importTimesMax = 4
const repeatTimesMax = 2
/** Each row must be looked up, and noted as seen so that nobody's absence is taken from a file that has them. */
const reorderedTimesMax = 6
const memoryMax = 400
const repeats = 5

export async function benchImport({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using site = await openSite({ latency: { fixedMs: 0 }, queue })
  const idleMemory = await site.gateway.ask<number>('peakMemory')
  const { rows } = makeWorkforce({ size, seed: 7, today: new Date().toISOString().slice(0, 10) })
  const content = toCsv(rows)
  const otherOrder = toCsv(rows.toReversed())
  const file = await site.keep('floor.csv', content)
  await site.drop('workers.csv', content)
  const imported = await pulled(site, 0)
  say(`imported ${imported.records} rows in ${Math.round(imported.ms)} ms`)

  const reordered: number[] = []
  for (let round = 1; round <= repeats; round += 1) {
    await site.drop('workers.csv', round % 2 === 1 ? otherOrder : content)
    const again = await pulled(site, round)
    if (again.changed > 0) throw new Error(`${again.changed} rows count as changed, and none was`)
    reordered.push(again.ms)
  }
  const identical: number[] = []
  for (let round = 1; round <= repeats; round += 1)
    identical.push(await repeatIdentical(site, repeats % 2 === 1 ? otherOrder : content))
  const peakMemory = await site.gateway.ask<number>('peakMemory')
  say(
    `again, other order: ${reordered.map(Math.round).join(', ')} ms; identical: ${identical.map(Math.round).join(', ')} ms`,
  )

  const stored = await storedTables(site)
  await using floorProcess = startChild('import-floor-child')
  const request: FloorRequest = { file, database: site.database, stored, rounds: repeats }
  const floor = await floorProcess.ask<FloorTimes>('measure', request)
  say(
    `floor: import ${floor.importMs.map(Math.round).join(', ')} ms; of that parsing ${floor.parseMs.map(Math.round).join(', ')} ms`,
  )
  refuseUnlike(stored, floor.stored)

  const rate = (ms: number): number => perSecond(size, ms)
  const importFloor = rate(median(floor.importMs))
  const parseFloor = median(floor.parseMs)
  const people = size.toLocaleString('en-US')
  return [
    atLeast(
      {
        name: `import of ${people} people up to the held plan`,
        value: rate(imported.ms),
        unit: 'people/s',
        floor: importFloor,
      },
      importFloor / importTimesMax,
    ),
    atMost(
      { name: 'the same rows again in another order', value: median(reordered), unit: 'ms', floor: parseFloor },
      parseFloor * reorderedTimesMax,
    ),
    atMost(
      { name: 'the same bytes again', value: median(identical), unit: 'ms', floor: parseFloor },
      parseFloor * repeatTimesMax,
    ),
    atMost(
      { name: 'memory of the gateway at its peak', value: peakMemory / 1e6, unit: 'MB', floor: idleMemory / 1e6 },
      memoryMax,
    ),
  ]
}

interface Pulled {
  readonly ms: number
  readonly records: number
  readonly changed: number
}

/** Waits for the pull after so many; its time runs from the settled file to the stored plan. */
function pulled(site: Site, before: number): Promise<Pulled> {
  return until(
    'the end of a pull',
    async () => {
      const { rows } = await site.pool.query<Pulled>(
        `select extract(epoch from finished_at - arrived_at)::float8 * 1000 as ms, records, changed
           from pull where finished_at is not null order by finished_at offset $1 limit 1`,
        [before],
      )
      return rows[0]
    },
    600_000,
  )
}

/** No pull is written for bytes that are known: timed from outside, less the time for which the file had to stand still. */
async function repeatIdentical(site: Site, content: Buffer): Promise<number> {
  const begun = new Date()
  await site.drop('workers.csv', content)
  const seen = await until(
    'the end of an unchanged delivery',
    async () => {
      const { rows } = await site.pool.query<{ delivery_at: Date }>(
        'select delivery_at from source where delivery_at > $1',
        [begun],
      )
      return rows[0]?.delivery_at
    },
    60_000,
  )
  return Math.max(0, seen.getTime() - begun.getTime() - settleMs)
}

async function storedTables(site: Site): Promise<Table[]> {
  const stored: Table[] = []
  for (const name of floorTables) stored.push({ name, ...(await storedIn(site.pool, name)) })
  return stored
}
