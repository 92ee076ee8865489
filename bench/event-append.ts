/** Appending to the log alone, without connector and delivery, beside a bare loop that only inserts such rows into the same tables. */

import type { CollectRequest } from './append-child.ts'
import { median, perSecond } from './arithmetic.ts'
import { startChild } from './child-process.ts'
import { atLeast, type Claim } from './claim.ts'
import { type CpuTimes, cpuMs, cpuPerEvent, postgresCpuMs } from './cpu-time.ts'
import { emptyLog, openEventSite, peopleFor } from './event-site.ts'
import type { EventsRequest } from './open-events.ts'
import type { Made } from './passages.ts'
import type { ReceiverFacts } from './receiver-child.ts'
import { endOfLog } from './reported-events.ts'
import type { BenchRequest } from './request.ts'
import type { Site } from './site.ts'
import { refuseUnlike, storedIn } from './stored.ts'

const rounds = 3
const shareMin = 0.5
const tables = ['event', 'event_key'] as const
type Stored = Awaited<ReturnType<typeof stored>>

export async function benchAppend({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using receiver = startChild('receiver-child')
  const facts = await receiver.ask<ReceiverFacts>('facts')
  await using site = await openEventSite({ queue, people: peopleFor(size), receiver: facts, reveal: ['door'] })
  await site.stop(site.gateway)
  const cursor = await endOfLog(site.simulatorFacts)
  const { events } = await site.simulator.ask<Made>('make', size)
  await using child = startChild('append-child')
  const collect: CollectRequest = { facts: site.simulatorFacts, cursor, events }
  say(`${events} events in ${await child.ask<number>('collect', collect)} batches`)

  const request: EventsRequest = { config: site.config, database: site.database }
  const ms = { append: [] as number[], insert: [] as number[] }
  const found: Partial<Record<keyof typeof ms, Stored>> = {}
  for (let round = 1; round <= rounds; round += 1)
    for (const what of ['insert', 'append'] as const) {
      await emptyLog(site)
      const before = await cpuSoFar(site, child.pid)
      const took = await child.ask<number>(what, request)
      const after = await cpuSoFar(site, child.pid)
      ms[what].push(took)
      found[what] = await stored(site)
      say(`${what}: ${Math.round(perSecond(events, took))} events/s; ${cpuPerEvent(before, after, events)}`)
    }
  refuseUnlike(found.append ?? [], found.insert ?? [])
  const floor = perSecond(events, median(ms.insert))
  const name = `appending of ${events.toLocaleString('en-US')} events to the log alone`
  return [atLeast({ name, value: perSecond(events, median(ms.append)), unit: 'events/s', floor }, floor * shareMin)]
}

async function stored(site: Site) {
  return Promise.all(tables.map(async (name) => ({ name, ...(await storedIn(site.pool, name)) })))
}

async function cpuSoFar(site: Site, pid: number | undefined): Promise<CpuTimes> {
  return { node: cpuMs(pid), PostgreSQL: await postgresCpuMs(site.pool) }
}
