/** The first page of each question to ten million events, beside a page that is read by its primary key and not opened. */
import { toCsv } from '../demo/workforce/csv.ts'
import { makeWorkforce } from '../demo/workforce/workforce.ts'
import { median, perSecond } from './arithmetic.ts'
import { type Child, startChild } from './child-process.ts'
import { atMost, type Claim } from './claim.ts'
import { questions, rangesOf } from './event-asked.ts'
import { dayMs, type Leaf, people } from './event-history.ts'
import type { Answered, HistoryRequest } from './event-queries-child.ts'
import type { BenchRequest } from './request.ts'
import { openSite } from './site.ts'

const pageMax = 50
const sayEveryMs = 5_000

/** `size` events. The slowest of all times that a question was asked counts. */
export async function benchEventQueries({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using site = await openSite({ latency: { fixedMs: 0 }, queue })
  const today = new Date().toISOString().slice(0, 10)
  // A few more: not everybody is there yet, or any more.
  const { rows } = makeWorkforce({ size: Math.round(people * 1.2), seed: 7, today, traps: 'none' })
  await site.drop('workers.csv', toCsv(rows))
  await site.planHeld()
  await site.stop(site.gateway)

  await using one = startChild('event-queries-child')
  await using other = startChild('event-queries-child')
  const day = Math.floor(Date.now() / dayMs)
  const request: HistoryRequest = { config: site.config, database: site.database, size, today: day }
  const leaves = await one.ask<readonly Leaf[]>('open', request)
  await other.ask('open', request)
  await fill([one, other], leaves, say)
  const events = await one.ask<number>('finish')
  const { rows: found } = await site.pool.query<{ count: number; bytes: number }>(
    `select count(*)::int as count, sum(pg_total_relation_size(inhrelid))::float8 as bytes
       from pg_inherits where inhparent in (select inhrelid from pg_inherits where inhparent = 'event'::regclass)`,
  )
  say(`${events} events in ${found[0]?.count} months of a class, ${((found[0]?.bytes ?? 0) / 1e9).toFixed(1)} GB`)

  const largest = leaves.toSorted((left, right) => right.events - left.events)[0] as Leaf
  const bare = await one.ask<readonly number[]>('readPages', largest)
  const floor = Math.max(...bare)
  say(`a page by its primary key: ${told(bare)}`)
  const claims: Claim[] = []
  for (const question of Object.keys(questions)) {
    const times: number[] = []
    for (const range of Object.keys(rangesOf({ people: [], stranger: '' as never, today: day }))) {
      const { ms, found, plan } = await one.ask<Answered>('ask', { question, range })
      say(`${question}, ${range}: ${told(ms)}; ${found} events. ${plan}`)
      times.push(...ms)
    }
    const name = `first page of ${events.toLocaleString('en-US')} events: ${question}`
    claims.push(atMost({ name, value: Math.max(...times), unit: 'ms', floor }, pageMax))
  }
  // What could not be opened would have been quick to read.
  const alarms = await one.ask<readonly string[]>('alarms')
  if (alarms.length > 0) throw new Error(`what was read raised ${alarms.join(', ')}`)
  return claims
}

/** Each process takes the next month of a class that nobody has. */
async function fill(children: readonly Child[], leaves: readonly Leaf[], say: BenchRequest['say']): Promise<void> {
  // The large ones first, so that none is left alone at the end.
  const waiting = leaves.toSorted((left, right) => right.events - left.events)
  const all = leaves.reduce((sum, { events }) => sum + events, 0)
  const begun = performance.now()
  let [done, saidAt] = [0, begun]
  const one = async (child: Child): Promise<void> => {
    for (let leaf = waiting.shift(); leaf !== undefined; leaf = waiting.shift()) {
      await child.ask('fill', leaf)
      done += leaf.events
      if (performance.now() - saidAt < sayEveryMs && waiting.length > 0) continue
      saidAt = performance.now()
      const seconds = Math.round((saidAt - begun) / 1000)
      say(`${done} of ${all} events are there after ${seconds} s, ${Math.round(perSecond(done, seconds * 1000))}/s`)
    }
  }
  await Promise.all(children.map(one))
}

function told(ms: readonly number[]): string {
  return `median ${median(ms).toFixed(1)} ms, slowest ${Math.max(...ms).toFixed(1)} ms`
}
