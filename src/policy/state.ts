/** What a person's employments mean at one instant: the state, what is in force, and when to look again. Pure; time is an argument. */
import type { Validity } from '../model/account.ts'
import type { Employment, Person, PersonState } from '../model/person.ts'
import { isZone } from '../model/zone.ts'
import { dayEndMs, dayStartMs } from './zone.ts'

export interface StateOptions {
  /** IANA zone by site; an employment at another site uses its own zone. */
  readonly siteZones: Readonly<Record<string, string>>
  /** How long before its start the rules already run for a person who has no other employment yet, in ms. */
  readonly leadMs?: number
  /**
   * By source, the fields that its mapping fills (`Mapping.fields`). If one that decides about access is unknown in an
   * employment of that source, so is the employment. A source that isn't listed must tell the start, and one of `end`,
   * `lastWorkingDay` and `left`.
   */
  readonly sourceFields?: Readonly<Record<string, readonly string[]>>
}

/** One person at one instant. */
export interface Standing {
  readonly state: PersonState
  /** The next instant at which anything here can change by itself. */
  readonly nextChangeAt: Date | null
  /**
   * What rules run over: employments that cover now or, while the person is `future`, those that start within `leadMs`.
   */
  readonly activeEmployments: readonly Employment[]
  /** Neither in force nor over, as far as anybody can tell. */
  readonly unknownEmployments: readonly Employment[]
  /**
   * For writing into targets ahead: current and future employments that follow on each other without a gap. Null when an
   * employment is unknown: what stands in the target stays. For a leaver, unbounded start and an end in the past.
   */
  readonly validity: Validity | null
  /** When access ends, or for a leaver when it ended by date; null when no date tells. */
  readonly accessEndsAt: Date | null
}

/** `active`: [start 0:00, end 24:00) holds now. @see PersonState */
type Status = 'active' | 'suspended' | 'future' | 'unknown' | 'ended'

interface Span {
  readonly employment: Employment
  readonly status: Status
  /** ms since 1970; null is unbounded, or not known. */
  readonly from: number | null
  readonly until: number | null
}

/**
 * Dates count in the zone of the site, else in the employment's own; the last day is inclusive, so access ends at its 24:00.
 * A person is active if any employment is; else unknown, suspended, future or left, whichever comes first.
 */
export function stateOf(person: Person, now: Date, options: StateOptions): Standing {
  const at = now.getTime()
  const spans = person.employments.map((employment) => spanOf(employment, at, options))
  const state = overall(spans)
  const leadMs = options.leadMs ?? 0
  const inForce = spans.filter(
    ({ status, from }) =>
      status === 'active' || (state === 'future' && status === 'future' && from !== null && from - leadMs <= at),
  )
  const unknown = spans.filter(({ status }) => status === 'unknown')
  const access = accessOf(spans, state, at)
  const next = nextChange(spans, at, leadMs)
  return {
    state,
    nextChangeAt: next === null ? null : new Date(next),
    activeEmployments: inForce.map(({ employment }) => employment),
    unknownEmployments: unknown.map(({ employment }) => employment),
    validity: unknown.length > 0 ? null : validityOf(access, state),
    accessEndsAt: access.until === null || unknown.length > 0 ? null : new Date(access.until),
  }
}

/** Tells whether an employment covers `now` (suspended or not): what `mergePerson` takes facts from. */
export function isCurrentAt(now: Date, options: StateOptions): (employment: Employment) => boolean {
  return (employment) => {
    const { status } = spanOf(employment, now.getTime(), options)
    return status === 'active' || status === 'suspended'
  }
}

/** Many systems write 'for ever' as the last day that fits. */
const FOREVER = '9999-12-31'

function spanOf(employment: Employment, at: number, options: StateOptions): Span {
  const { start, end, site, unknown } = employment
  if (employment.left && end === null) return { employment, status: 'ended', from: null, until: null }
  const siteZone = site !== null && Object.hasOwn(options.siteZones, site) ? options.siteZones[site] : undefined
  const zone = siteZone ?? employment.zone
  if (!isZone(zone)) return { employment, status: employment.left ? 'ended' : 'unknown', from: null, until: null }
  const until = end === null || end >= FOREVER ? null : dayEndMs(end, zone)
  const from = start === null ? null : dayStartMs(start, zone)
  if (employment.left || (until !== null && (until <= at || (from !== null && until <= from)))) {
    return { employment, status: 'ended', from, until }
  }
  if (unknown.length > 0 && isUndecided(employment, options)) return { employment, status: 'unknown', from, until }
  if (from !== null && from > at) return { employment, status: 'future', from, until }
  return { employment, status: employment.suspended ? 'suspended' : 'active', from, until }
}

const deciding = ['start', 'end', 'lastWorkingDay', 'left', 'suspended'] as const

function isUndecided({ source, unknown }: Employment, { sourceFields }: StateOptions): boolean {
  const given = sourceFields && Object.hasOwn(sourceFields, source) ? sourceFields[source] : undefined
  if (given) return deciding.some((name) => given.includes(name) && unknown.includes(name))
  if (unknown.includes('start')) return true
  return unknown.includes('end') && unknown.includes('lastWorkingDay') && unknown.includes('left')
}

const precedence = ['active', 'unknown', 'suspended', 'future'] as const

function overall(spans: readonly Span[]): PersonState {
  return precedence.find((state) => spans.some(({ status }) => status === state)) ?? 'left'
}

function nextChange(spans: readonly Span[], at: number, leadMs: number): number | null {
  let next: number | null = null
  const consider = (instant: number | null) => {
    if (instant !== null && instant > at && (next === null || instant < next)) next = instant
  }
  for (const { status, from, until } of spans) {
    // Who left by word before the last day has an end by date only from then on.
    consider(until)
    if (status === 'ended') continue
    consider(from)
    if (from !== null && leadMs > 0) consider(from - leadMs)
  }
  return next
}

type Access = { readonly from: number | null; readonly until: number | null }

/** The stretch of time that access has now or gets next; for a leaver the one that ended. */
function accessOf(spans: readonly Span[], state: PersonState, at: number): Access {
  if (state === 'left') return { from: null, until: lastEnd(spans, at) }
  const now = spans.filter(({ status }) => status === state)
  const later = spans.filter(({ status }) => status === 'future')
  const rest = [...now, ...later].sort((a, b) => (a.from ?? -Infinity) - (b.from ?? -Infinity))
  const first = rest[0]
  let until = first?.until ?? null
  for (const span of rest) {
    if (until === null || (span.from !== null && span.from > until)) break
    until = span.until === null ? null : Math.max(until, span.until)
  }
  return { from: first?.from ?? null, until }
}

/** An end that lies ahead is no end: the source said in words that access is over now. */
function lastEnd(spans: readonly Span[], at: number): number | null {
  let last: number | null = null
  for (const { until } of spans) if (until !== null && until <= at && (last === null || until > last)) last = until
  return last
}

function validityOf({ from, until }: Access, state: PersonState): Validity {
  // Null would mean 'for ever', so that a leaver without a date is given the earliest end there is.
  if (state === 'left') return { from: null, until: iso(until ?? 0) }
  return { from: iso(from), until: iso(until) }
}

function iso(instant: number): string
function iso(instant: number | null): string | null
function iso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString()
}
