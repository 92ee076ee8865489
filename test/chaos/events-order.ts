/** Whether a receiver got every event at least once and in order: of each source the next one only, or one again that it has. */
import { z } from 'zod'
import { type Trace, traceOf } from './events-doors.ts'

/** What a receiver got, as far as it matters here. */
export interface Arrival {
  readonly source: string
  readonly sequence: number
  readonly trace: Trace
}

const place = z.looseObject({ systemId: z.string() }).nullable()
const data = z.looseObject({
  system: z.string(),
  at: z.string(),
  door: place,
  reader: place,
  vendor: z.looseObject({ code: z.string() }),
})

/** Of the data of a CloudEvent as our subscriptions reveal it. */
export function arrivalOf(sequence: unknown, told: unknown): Arrival {
  const { system, at, door, reader, vendor } = data.parse(told)
  // Where events of BioStar 2 and of AEOS say where it was.
  const where = system === 'hq' ? reader : door
  return {
    source: system,
    sequence: Number(sequence),
    trace: traceOf(Date.parse(at), where?.systemId ?? 0, vendor.code),
  }
}

interface Received {
  /** Different ones. */
  readonly events: number
  readonly again: number
  /** Came before one that precedes it. */
  readonly early: number
  /** Came again and said something else. */
  readonly changed: number
  /** By position, from 1; what is missing is undefined. */
  readonly traces: readonly Trace[]
}

export function received(arrivals: readonly Arrival[], source: string): Received {
  const traces: Trace[] = []
  const counts = { events: 0, again: 0, early: 0, changed: 0 }
  for (const { sequence, trace, ...arrival } of arrivals) {
    if (arrival.source !== source) continue
    const before = traces[sequence - 1]
    if (before !== undefined) {
      counts.again += 1
      if (before !== trace) counts.changed += 1
      continue
    }
    if (sequence > 1 && traces[sequence - 2] === undefined) counts.early += 1
    traces[sequence - 1] = trace
    counts.events += 1
  }
  return { ...counts, traces }
}
