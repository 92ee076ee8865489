/** How wrong the clocks of a source are, by what it tells as it happens: devices against ours, the furthest of them, and the system against ours. */
import type { ReportedEvent } from '../connector/contract.ts'
import { noteSkew } from '../store/events/source-row.ts'
import type { EventsContext } from './context.ts'

/** Of so many events each, the newest ones. */
const windowMax = 200
const readersMax = 2_000
/** Of each reader the best of so many: what a full queue delayed says nothing about its clock. */
const ofReaderMax = 5
const noteEveryMs = 5_000
const skewMax = 2_000_000_000

export interface SkewMeter {
  /** Live events, as they came just now. */
  measure(events: readonly ReportedEvent[], now: Date): Promise<void>
}

/** Notes what it measured in the row of the source, every 5 s at most; begins with nothing. */
export function openSkew({ database, metrics }: EventsContext, source: string): SkewMeter {
  const device: number[] = []
  const system: number[] = []
  const readers = new Map<string, number[]>()
  let notedAt = Number.NEGATIVE_INFINITY
  return {
    async measure(events, now) {
      for (const { event } of events) {
        const { at, approximate, recordedAt, reader, door } = event
        const happened = Date.parse(at)
        if (approximate || Number.isNaN(happened)) continue
        const ahead = happened - now.getTime()
        keep(device, ahead, windowMax)
        metrics.lag(source, Math.max(0, -ahead / 1_000))
        if (recordedAt !== null) keep(system, Date.parse(recordedAt) - now.getTime(), windowMax)
        const name = reader?.id ?? door?.id
        if (name === undefined) continue
        const known = readers.get(name) ?? []
        keep(known, ahead, ofReaderMax)
        if (readers.size < readersMax) readers.set(name, known)
      }
      if (device.length === 0 || now.getTime() - notedAt < noteEveryMs) return
      notedAt = now.getTime()
      const furthest = [...readers.values()].map(nearest).sort((left, right) => Math.abs(right) - Math.abs(left))[0]
      await noteSkew(database.pool, source, {
        ...{ device: median(device), system: median(system), furthest: furthest ?? null },
      })
    },
  }
}

/** What is no number came of a text that is no time, and says nothing. */
function keep(all: number[], one: number, max: number): void {
  if (Number.isNaN(one)) return
  // A clock that says 1970 is wrong enough.
  all.push(Math.max(-skewMax, Math.min(skewMax, Math.round(one))))
  if (all.length > max) all.shift()
}

function nearest(all: readonly number[]): number {
  return all.reduce((best, each) => (Math.abs(each) < Math.abs(best) ? each : best), all[0] ?? 0)
}

function median(all: readonly number[]): number | null {
  const sorted = all.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
