/** Reads the log in order, opened and verified, for whoever consumes it; what is not there any more is told as forgotten or as taken away. */
import { classOf, type EventClass } from '../model/events/types.ts'
import { boundsOf, type FoundMonth, monthsOf } from '../store/events/months.ts'
import { eventsAfter, guardOf, keysOf } from '../store/events/rows.ts'
import { readSource } from '../store/events/source-row.ts'
import { keyOf } from '../store/events/who.ts'
import type { EventRow } from '../store/guards.ts'
import type { EventsContext } from './context.ts'
import type { LoggedEvent } from './logged-event.ts'
import { type FormerRange, isFormer, openRows } from './open-rows.ts'
import type { RecentEvent } from './recent.ts'
import { isGenuine } from './sealed-event.ts'
import { tell } from './tell.ts'

/** Positions, both included. */
export interface Hole {
  readonly from: number
  readonly to: number
  /** Their time was over; false: somebody took them away, or put something else in their place. */
  readonly forgotten: boolean
}

export interface LoggedPage {
  readonly events: readonly LoggedEvent[]
  /** Everything up to here is told of. */
  readonly upTo: number
  /** Of people who were erased: they are there, and open no more. */
  readonly erased: number
  readonly missing: readonly Hole[]
}

export interface ReadOptions {
  /** Those of others are verified and told of as there, and not opened. */
  readonly classes?: ReadonlySet<EventClass>
  /** Names whoever reads on as the log grows: it grows no faster than they read, where that can be. */
  readonly reader?: string
}

/**
 * At most `limit` events of a source after a position. A source whose row somebody changed has none until whoever follows it has mended
 * the row. @throws what `pg` throws.
 */
export async function readLogged(
  context: EventsContext,
  source: string,
  after: number,
  limit: number,
  { classes, reader }: ReadOptions = {},
): Promise<LoggedPage> {
  const page = await pageAfter(context, source, after, limit, classes)
  if (reader !== undefined) context.recent.noteRead(source, reader, page.upTo, page.upTo - after >= limit)
  return page
}

async function pageAfter(
  context: EventsContext,
  source: string,
  after: number,
  limit: number,
  classes: ReadonlySet<EventClass> | undefined,
): Promise<LoggedPage> {
  const { vault, database } = context
  const found = await readSource(database.pool, vault, source)
  if (found === null || !found.genuine) {
    if (found !== null) await tell(database.pool, context, 'events.forged', source)
    return { events: [], upTo: after, erased: 0, missing: [] }
  }
  const { position, turn, former_to, renewed_to } = found.state
  if (position <= after) return { events: [], upTo: after, erased: 0, missing: [] }
  const recent = context.recent.after(source, turn, { after, upTo: position, limit })
  const remembered = recent === null ? null : await fromMemory(context, source, recent, classes)
  if (remembered !== null) return remembered
  const months = await monthsOf(database.pool, vault, source)
  const since = sinceOf(months, after)
  const rows = await eventsAfter(database.pool, source, { after, upTo: position, since, limit })
  const upTo = rows.length < limit ? position : Number(rows.at(-1)?.position)
  const former = { after: renewed_to, upTo: former_to }
  const { wanted, passed, forged } = sorted(context, rows, former, classes)
  const opened = await openRows(context, wanted, former)
  const there = new Set([...opened.events.map((event) => event.position), ...opened.erased, ...passed])
  const missing = await holes(context, source, there, after, upTo)
  if (opened.forged.length + forged > 0) await tell(database.pool, context, 'events.forged', source)
  const taken = missing.filter(({ forgotten }) => !forgotten)
  if (taken.length > 0)
    await tell(
      database.pool,
      context,
      'events.missing',
      source,
      taken.reduce((sum, { from, to }) => sum + to - from + 1, 0),
    )
  return { events: opened.events, upTo, erased: opened.erased.length, missing }
}

/** What this process wrote itself; null, and forgotten, where the log went on otherwise since, or does not open any more. */
async function fromMemory(
  context: EventsContext,
  source: string,
  recent: readonly RecentEvent[],
  classes: ReadonlySet<EventClass> | undefined,
): Promise<LoggedPage | null> {
  const { vault, database } = context
  const { pool } = database
  const ids = [...new Set(recent.flatMap(({ key }) => key ?? []))]
  const last = recent.at(-1) as RecentEvent
  const [found, guard] = await Promise.all([keysOf(pool, ids), guardOf(pool, last.logged)])
  // Where another history was written, as after a restore, the last one is another as well.
  const isTheSame = guard?.equals(last.guard) === true
  if (!isTheSame || ids.some((id) => keyOf(vault, found.get(id) ?? null) === null)) {
    context.recent.forget(source)
    return null
  }
  const all = recent.map(({ logged }) => logged)
  const events = classes === undefined ? all : all.filter(({ event }) => classes.has(classOf(event.type)))
  return { events, upTo: last.logged.position, erased: 0, missing: [] }
}

/** What somebody else wrote is none, of whatever class it says that it is. */
function sorted(
  { vault }: EventsContext,
  rows: readonly EventRow[],
  former: FormerRange,
  classes: ReadonlySet<EventClass> | undefined,
) {
  if (classes === undefined) return { wanted: rows, passed: [], forged: 0 }
  // Of what is still under keys before, the seal alone says that it is ours.
  const { wanted = [], others = [] } = Object.groupBy(rows, (row) =>
    classes.has(row.class) || isFormer(former, Number(row.position)) ? 'wanted' : 'others',
  )
  const passed = others.filter((row) => isGenuine(vault, row)).map((row) => Number(row.position))
  return { wanted, passed, forged: others.length - passed.length }
}

/** No event after this position was received before. */
function sinceOf(months: readonly FoundMonth[], after: number): Date {
  // Of a month that somebody else wrote nothing is known.
  const first = months.find(({ genuine, last }) => !genuine || last > after)
  return first === undefined || !first.genuine ? new Date(0) : boundsOf(first.month)[0]
}

async function holes(
  { database, vault }: EventsContext,
  source: string,
  there: ReadonlySet<number>,
  after: number,
  upTo: number,
): Promise<readonly Hole[]> {
  const gaps: { readonly from: number; readonly to: number }[] = []
  let next = after + 1
  for (const position of [...there].sort((left, right) => left - right)) {
    if (position > next) gaps.push({ from: next, to: position - 1 })
    next = position + 1
  }
  if (next <= upTo) gaps.push({ from: next, to: upTo })
  if (gaps.length === 0) return []
  // Read now: what was there a moment ago may have been forgotten meanwhile.
  const forgotten = (await monthsOf(database.pool, vault, source)).filter(
    ({ genuine, forgottenAt }) => genuine && forgottenAt !== null,
  )
  return gaps.flatMap((gap) => split(gap, forgotten))
}

/** Parts of a gap that a forgotten month covers, and those that none does. */
function split(
  { from, to }: { readonly from: number; readonly to: number },
  forgotten: readonly FoundMonth[],
): readonly Hole[] {
  const covering = forgotten
    .filter(({ first, last }) => first <= to && last >= from)
    .sort((left, right) => left.first - right.first)
  const parts: Hole[] = []
  let next = from
  for (const { first, last } of covering) {
    if (last < next) continue
    if (first > next) parts.push({ from: next, to: first - 1, forgotten: false })
    const begin = Math.max(first, next)
    const end = Math.min(last, to)
    const before = parts.at(-1)
    if (before?.forgotten === true && before.to === begin - 1) parts[parts.length - 1] = { ...before, to: end }
    else parts.push({ from: begin, to: end, forgotten: true })
    next = end + 1
  }
  if (next <= to) parts.push({ from: next, to, forgotten: false })
  return parts
}
