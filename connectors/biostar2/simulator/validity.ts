/** From when to when a person may enter: in which zone the wire tells it, and how exactly a reader keeps to it. */
import type { Quirks } from './quirks.ts'

type Rules = Pick<Quirks, 'validityZone' | 'zone' | 'validityDay'>

const dayMs = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

/** A stored moment (UTC milliseconds) as the milliseconds that are written as if they were UTC. */
export function toWire(rules: Rules, ms: number): number {
  return rules.validityZone === 'utc' ? ms : ms + aheadMs(rules.zone, ms)
}

/** The moment (UTC milliseconds) a client means by what it wrote as if it were UTC. */
export function fromWire(rules: Rules, written: number): number {
  if (rules.validityZone === 'utc') return written
  // The offset that holds at the moment itself, which around a change of clocks differs from the first guess.
  return written - aheadMs(rules.zone, written - aheadMs(rules.zone, written))
}

/** Whether a reader takes `nowMs` for within the validity, both ends included. */
export function isInForce(rules: Rules, known: { startMs: number; expiryMs: number }, nowMs: number): boolean {
  if (!rules.validityDay) return known.startMs <= nowMs && nowMs <= known.expiryMs
  const day = (ms: number) => Math.floor(toWire(rules, ms) / dayMs)
  return day(known.startMs) <= day(nowMs) && day(nowMs) <= day(known.expiryMs)
}

/** Milliseconds that clocks in `zone` are ahead of UTC at this moment. Throws a RangeError when there is no such zone. */
function aheadMs(zone: string, ms: number): number {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  const wholeSecondMs = Math.floor(ms / 1000) * 1000
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecondMs
}
