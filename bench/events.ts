/** Events all the way: read from the door system's log, kept, and posted to a webhook that takes them; beside a bare loop that does no more than that. */
import { perSecond } from './arithmetic.ts'
import { type Child, startChild } from './child-process.ts'
import { atLeast, type Claim } from './claim.ts'
import { type CpuTimes, cpuMs, cpuPerEvent, postgresCpuMs } from './cpu-time.ts'
import type { RelayRequest } from './event-relay-child.ts'
import { caughtUp, emptyLog, openEventSite, peopleFor } from './event-site.ts'
import type { Made } from './passages.ts'
import type { Received, ReceiverFacts } from './receiver-child.ts'
import type { BenchRequest } from './request.ts'
import { type Site, until } from './site.ts'

const perSecondMin = 10_000
const limitMs = 600_000

/** `size` events wait at the door system when the gateway begins to read: it goes as fast as it can. */
export async function benchEvents({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using receiver = startChild('receiver-child')
  const facts = await receiver.ask<ReceiverFacts>('facts')
  await using site = await openEventSite({ queue, people: peopleFor(size), receiver: facts, reveal: ['door'] })
  await site.stop(site.gateway)
  await receiver.ask('forget')
  const made = await site.simulator.ask<Made>('make', size)
  const ms = await throughGateway(site, receiver, made, say)
  const told = await receiver.ask<Received>('received')
  say(`${told.events} events arrived in ${told.batches} batches, ${told.again} of them again, ${widthOf(told)}`)

  await receiver.ask('forget')
  await emptyLog(site)
  await using loop = startChild('event-relay-child')
  const { simulatorFacts, database } = site
  const relay: RelayRequest = { facts: simulatorFacts, receiver: facts, database, ...made }
  const bareMs = await loop.ask<number>('relay', relay)
  const bare = await receiver.ask<Received>('received')
  if (bare.events !== made.events) throw new Error(`${bare.events} events of the bare loop arrived`)
  say(`the bare loop took ${Math.round(bareMs)} ms, ${widthOf(bare)}`)
  const name = `events from BioStar 2 to an acknowledged webhook batch, ${made.events.toLocaleString('en-US')} of them`
  const floor = perSecond(made.events, bareMs)
  return [atLeast({ name, value: perSecond(made.events, ms), unit: 'events/s', floor }, perSecondMin)]
}

/** From when the connector handed over the first of them until the answer to the last batch. */
async function throughGateway(
  site: Site,
  receiver: Child,
  { events }: Made,
  say: BenchRequest['say'],
): Promise<number> {
  const before = (await caughtUp(site)) ?? 0
  const gateway = await site.startAgain()
  const begunAt = await until('the first events are kept', () => firstAfter(site, before), 60_000)
  const cpu = async (): Promise<CpuTimes> => ({
    ...{ gateway: cpuMs(gateway.pid), PostgreSQL: await postgresCpuMs(site.pool) },
    ...{ 'door system': cpuMs(site.simulator.pid), receiver: cpuMs(receiver.pid) },
  })
  const cpuBefore = await cpu()
  const last = await until(
    `${events} events at the receiver`,
    async () => {
      const received = await receiver.ask<Received>('received')
      return received.events >= events ? received : null
    },
    limitMs,
  )
  const cpuAfter = await cpu()
  const tookMs = last.lastAt - begunAt
  say(`${Math.round(perSecond(events, tookMs))} events/s; ${cpuPerEvent(cpuBefore, cpuAfter, events)}`)
  await receiver.ask('check')
  await until('what was taken is noted', () => caughtUp(site), 10_000)
  await site.stop(gateway)
  return tookMs
}

/** When the gateway got it, in ms since 1970: just before it was kept. */
async function firstAfter(site: Site, position: number): Promise<number | null> {
  const { rows } = await site.pool.query<{ at: Date }>(
    'select received_at as at from event where position > $1 order by position limit 1',
    [position],
  )
  return rows[0]?.at.getTime() ?? null
}

function widthOf({ bytes, events }: Received): string {
  return `${Math.round(bytes / events)} bytes each`
}
