/** From when to when an account is in force: as moments to us, as dates and hours of its own zone to the server. */

import { momentOf, wallTime } from '../../src/connector/zone.ts'
import type { Validity } from '../../src/model/account.ts'
import type { Settings } from './settings.ts'

type Rules = Pick<Settings, 'server_zone' | 'unbounded_until'>

export interface VendorValidity {
  readonly start_datetime: string
  readonly expiry_datetime: string
}

// Wall times of the server, as if they were UTC.
const earliest = Date.UTC(2001, 0, 1)
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/**
 * Dates lie from 2001-01-01 00:00 to 2037-12-31 23:59, the end after the start (codes 131085, 131086), and since an update takes
 * at most 30 years between them, a start long ago moves up rather than the end down: 2008-01-01 for somebody without bounds.
 */
export function vendorValidity(validity: Validity, rules: Rules): VendorValidity {
  const latest = unboundedUntil(rules)
  const expiry = validity.until === null ? latest : clamp(endsAt(validity.until, rules), earliest, latest)
  const from = validity.from === null ? earliest : clamp(startsAt(validity.from, rules), earliest, latest)
  const start = Math.max(from, earliestStartFor(expiry))
  if (expiry > start) return { start_datetime: vendorTime(start), expiry_datetime: vendorTime(expiry) }
  // Never valid: the server can't say that, so it gets one minute of 2001.
  return { start_datetime: vendorTime(earliest), expiry_datetime: vendorTime(earliest + minuteMs) }
}

/** Of an hour that the clocks show twice the first counts: an end in the second one comes early. */
function endsAt(until: string, { server_zone }: Rules): number {
  return wallTime(Date.parse(until), server_zone)
}

/** A start in the second one waits until the clocks show what they show once: nothing opens early. */
function startsAt(from: string, { server_zone }: Rules): number {
  const instant = Date.parse(from)
  const wall = wallTime(instant, server_zone)
  return wall + Math.max(0, instant - momentOf(wall, server_zone))
}

/**
 * An end that has passed, for shutting out, whatever zone the server is in and we believe it to be in: one day back, since zones differ
 * from UTC by 14 hours at most. `start_datetime` is left out when the known start fits this end in every zone.
 */
export function pastValidity(known: Validity | null, at: Date): Partial<VendorValidity> {
  const expiry = Math.max(at.getTime() - dayMs, earliest + minuteMs)
  const earliestStart = earliestStartFor(expiry)
  const start = known?.from ? Date.parse(known.from) : null
  const end = { expiry_datetime: vendorTime(expiry) }
  // A start that is unbounded to us is some date at the server, which need not be in range of this end.
  return start !== null && start >= earliestStart + dayMs && start < expiry - dayMs
    ? end
    : { start_datetime: vendorTime(earliestStart), ...end }
}

/** What was written for no start, or for no end, reads back as none. */
export function modelValidity(
  row: { start_datetime?: string | undefined; expiry_datetime?: string | undefined },
  rules: Rules,
): Validity {
  const start = parseVendorTime(row.start_datetime)
  const expiry = parseVendorTime(row.expiry_datetime)
  const moment = (wall: number) => new Date(momentOf(wall, rules.server_zone)).toISOString()
  return {
    from: start === null || start <= earliestStartFor(expiry ?? earliest) ? null : moment(start),
    until: expiry === null || expiry >= unboundedUntil(rules) ? null : moment(expiry),
  }
}

/** The first midnight that is at most 30 years before the end. */
function earliestStartFor(expiry: number): number {
  const start = new Date(expiry)
  start.setUTCFullYear(start.getUTCFullYear() - 30)
  return Math.max(earliest, Math.ceil(start.getTime() / dayMs) * dayMs)
}

function unboundedUntil({ unbounded_until }: Rules): number {
  return Date.parse(`${unbounded_until}T23:59:00Z`)
}

/** As in the vendor's samples: two digits after the second, and a Z that need not mean UTC. */
function vendorTime(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 19)}.00Z`
}

/** With or without fraction and Z: the newer service leaves both out. */
function parseVendorTime(value: string | undefined): number | null {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)/.exec(value ?? '')
  const wall = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}Z`)
  return Number.isNaN(wall) ? null : wall
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
