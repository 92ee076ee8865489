/** How long an event is on its way while many happen: from the reader to the receiver's acknowledgement, beside the same way with nothing on it. */
import { percentile } from './arithmetic.ts'
import { type Child, startChild } from './child-process.ts'
import { atMost, type Claim } from './claim.ts'
import type { LiveRequest } from './event-live-child.ts'
import { openEventSite, peopleFor } from './event-site.ts'
import type { Moment } from './moment.ts'
import type { Received, ReceiverFacts } from './receiver-child.ts'
import type { BenchRequest } from './request.ts'
import { type Site, until } from './site.ts'

const perSecond = 1_000
const p99Max = 250
/** What happens in the first seconds makes processes warm that have just begun, and does not count. */
const warmUp = 3 * perSecond
const arrivalLimitMs = 60_000

/** `size` events count. */
export async function benchEventLatency({ size, queue, say }: BenchRequest): Promise<Claim[]> {
  await using receiver = startChild('receiver-child')
  const facts = await receiver.ask<ReceiverFacts>('facts')
  const reveal = ['door', 'vendor']
  await using site = await openEventSite({ queue, people: peopleFor(size), receiver: facts, reveal })
  await receiver.ask('keep')
  const ours = await latencies(site, receiver, size)
  say(told('Gatehouse', ours))
  await site.stop(site.gateway)

  await using loop = startChild('event-live-child')
  await loop.ask('follow', { facts: site.simulatorFacts, receiver: facts } satisfies LiveRequest)
  const bare = await latencies(site, receiver, size)
  say(told('the bare loop', bare))
  const name = `an event from the reader to the acknowledged webhook, p99 of ${size.toLocaleString('en-US')} at ${perSecond.toLocaleString('en-US')}/s`
  return [atMost({ name, value: percentile(ours, 99), unit: 'ms', floor: percentile(bare, 99) }, p99Max)]
}

/** In ms, of each event that counts. */
async function latencies(site: Site, receiver: Child, size: number): Promise<readonly number[]> {
  await receiver.ask('forget')
  const steadily = { count: warmUp + size, perSecond }
  const made = await site.simulator.ask<readonly Moment[]>('makeSteadily', steadily)
  const arrived = async () => (await receiver.ask<Received>('received')).events >= made.length || null
  await until(`${made.length} events at the receiver`, arrived, arrivalLimitMs)
  const arrivals = new Map((await receiver.ask<readonly Moment[]>('arrivals')).map(({ trace, at }) => [trace, at]))
  return made.slice(warmUp).map(({ trace, at }) => {
    const arrivedAt = arrivals.get(trace)
    if (arrivedAt === undefined) throw new Error('an event that was made is none of those that arrived')
    return arrivedAt - at
  })
}

function told(who: string, ms: readonly number[]): string {
  const figures = [50, 90, 99, 100].map((percent) => `p${percent} ${percentile(ms, percent).toFixed(1)} ms`)
  return `${who}: ${figures.join(', ')}`
}
