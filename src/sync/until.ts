/** Reads until when something is given, as people type it: a duration, a last day, or a time on the clocks of the site. */
import { durationMs } from '../model/duration.ts'
import { Refusal } from '../model/refusal.ts'
import { plainDate } from '../model/source-record.ts'
import { dayEndMs, wallClock } from '../policy/zone.ts'

const form = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/i

/**
 * `8h` from now; `2026-03-06`: that day is the last one, to its 24:00; `2026-03-06T17:00`: when clocks show that; with `Z` or `+01:00`: that
 * instant. Days and clocks are those of `zones`; where these differ, the earliest end counts.
 * @throws Refusal `until.unreadable`, `until.over` for an end that has passed, `until.too-long` for one more than `longestMs` ahead.
 */
export function readUntil(text: string, now: Date, zones: readonly string[], longestMs: number): Date {
  const until = instantOf(text.trim(), now, zones)
  if (until === null) throw new Refusal('until.unreadable')
  if (until <= now) throw new Refusal('until.over')
  if (until.getTime() - now.getTime() > longestMs) throw new Refusal('until.too-long')
  return until
}

function instantOf(text: string, now: Date, zones: readonly string[]): Date | null {
  const ms = durationMs(text)
  if (ms !== null) return new Date(now.getTime() + ms)
  const [, day = '', time, offset] = form.exec(text) ?? []
  if (!plainDate.safeParse(day).success) return null
  if (time === undefined) return earliest(zones.map((zone) => dayEndMs(day, zone)))
  const at = Date.parse(`${day}T${time}Z`)
  if (Number.isNaN(at)) return null
  if (offset !== undefined) return new Date(`${day}T${time}${offset.toUpperCase()}`)
  return earliest(zones.map((zone) => wallClock(`${day}T${time}`, zone).getTime()))
}

function earliest(instants: readonly number[]): Date {
  return new Date(Math.min(...instants))
}
