/** From one person's punches to shifts: who came when, left when, and what of it was a break; over midnight and clock changes alike. */
import type { PunchKind } from '../../model/events/punch.ts'
import { offsetMs } from '../../model/zone.ts'

/** Milliseconds since 1970. */
export interface TimedPunch {
  readonly at: number
  readonly kind: PunchKind
}

export interface ShiftRules {
  /** IANA name of the zone whose days count. */
  readonly zone: string
  /** A day of work begins so long after midnight, in ms: who comes before belongs to the day before. */
  readonly dayStartsMs: number
  /** A punch that comes later than this after the first one of a shift begins the next, in ms. */
  readonly longestMs: number
  /** So long without a punch ends a shift, in ms: less than the rest between two shifts, more than the longest stretch without a punch. */
  readonly restMs: number
}

export interface Shift {
  /** The day of work that it belongs to, `2026-03-28`: that of its first punch. */
  readonly day: string
  /** First in and last out; null: not known, and somebody should correct it. */
  readonly first: number | null
  readonly last: number | null
  /** From first in to last out without breaks; null where one of both is not known. Real time, also where the clocks change. */
  readonly presentMs: number | null
  /** Between an in and the next out, summed, without breaks: what `presentMs` is if nobody goes out meanwhile. */
  readonly insideMs: number
  readonly breakMs: number
  /** Punches that found no partner: an in after an in, an out without one, a break that has no end. */
  readonly unpaired: number
}

/** `punches` of one person, in any order; shifts come in the order of time. */
export function shiftsOf(punches: readonly TimedPunch[], rules: ShiftRules): readonly Shift[] {
  const groups: TimedPunch[][] = []
  for (const punch of punches.toSorted(byTime)) {
    const group = groups.at(-1)
    if (group !== undefined && belongsTo(group, punch, rules)) group.push(punch)
    else groups.push([punch])
  }
  return groups.map((group) => shiftOf(group, rules))
}

/** At one moment whoever left came before: an out first, so that neither is left over. */
const order: readonly PunchKind[] = ['break_end', 'out', 'in', 'break_start']

function byTime(left: TimedPunch, right: TimedPunch): number {
  return left.at - right.at || order.indexOf(left.kind) - order.indexOf(right.kind)
}

function belongsTo(group: readonly TimedPunch[], punch: TimedPunch, { longestMs, restMs }: ShiftRules): boolean {
  const [first, last] = [group[0], group.at(-1)]
  if (first === undefined || last === undefined || punch.at - first.at > longestMs) return false
  // Who went out and comes again within the rest only was away; who is in, and silent for so long, forgot to say that he left.
  return punch.at - last.at <= restMs
}

function shiftOf(group: readonly TimedPunch[], rules: ShiftRules): Shift {
  const first = group.find(({ kind }) => kind === 'in')?.at ?? null
  const last = group.findLast(({ kind }) => kind === 'out')?.at ?? null
  const { insideMs, breakMs, unpaired } = paired(group)
  const isWhole = first !== null && last !== null && last >= first
  return {
    day: workDayOf((group[0] as TimedPunch).at, rules),
    first,
    last: last !== null && first !== null && last < first ? null : last,
    presentMs: isWhole ? Math.max(0, last - first - breakMs) : null,
    insideMs,
    breakMs,
    unpaired,
  }
}

function paired(group: readonly TimedPunch[]): Pick<Shift, 'insideMs' | 'breakMs' | 'unpaired'> {
  let [insideMs, breakMs, unpaired] = [0, 0, 0]
  let since: number | null = null
  let pausedAt: number | null = null
  // A break counts against the stretch that it lies in.
  let pausedMs = 0
  const endBreak = (at: number) => {
    if (pausedAt !== null) pausedMs += at - pausedAt
    pausedAt = null
  }
  for (const { at, kind } of group) {
    if (kind === 'in') {
      if (since !== null) unpaired += 1
      else since = at
    } else if (kind === 'out') {
      if (since === null) unpaired += 1
      else {
        // Who leaves during a break had it until then.
        endBreak(at)
        insideMs += at - since - pausedMs
        breakMs += pausedMs
        ;[since, pausedMs] = [null, 0]
      }
    } else if (kind === 'break_start') {
      if (since === null || pausedAt !== null) unpaired += 1
      else pausedAt = at
    } else if (pausedAt === null) unpaired += 1
    else endBreak(at)
  }
  return {
    insideMs,
    breakMs: breakMs + pausedMs,
    unpaired: unpaired + (since === null ? 0 : 1) + (pausedAt === null ? 0 : 1),
  }
}

/** The day of work of a moment: that which the clocks show so long after it began. */
export function workDayOf(at: number, { zone, dayStartsMs }: Pick<ShiftRules, 'zone' | 'dayStartsMs'>): string {
  return new Date(at + offsetMs(at, zone) - dayStartsMs).toISOString().slice(0, 10)
}
