/** Appends what a connector reported: each event once, numbered without a gap, sealed, and with the cursor behind it; or nothing of all that. */
import { setImmediate } from 'node:timers/promises'
import type pg from 'pg'
import type { EventBatch } from '../connector/contract.ts'
import { showsCard } from '../model/events/event.ts'
import { classOf } from '../model/events/types.ts'
import { addToMonths } from '../store/events/months.ts'
import { addEvents, announce, type NewEventRow, takeKeys } from '../store/events/rows.ts'
import { type Heard, type SourceState, saveSource } from '../store/events/source-row.ts'
import { inTransaction } from '../store/transaction.ts'
import type { DataKey } from '../vault/vault.ts'
import type { EventsContext } from './context.ts'
import { sealCursor } from './cursor.ts'
import { dayOf, filedAt } from './filing.ts'
import { holdSource } from './hold-source.ts'
import { loggedEvent } from './logged-event.ts'
import { prepare, type Ready, type ReadyBatch } from './prepare.ts'
import type { RecentEvent } from './recent.ts'
import { digestsOf, type SealedEvent, sealEvent } from './sealed-event.ts'
import { tell } from './tell.ts'

export interface Appended {
  /** New in the log. */
  readonly appended: number
  /** There already. */
  readonly known: number
}

/** Only whoever began last to follow a source may go on. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
  readonly code = 'events.overtaken'

  constructor() {
    super('another process follows the source since')
  }
}

/**
 * `turn`: of whoever follows the source; others append as they come. @throws OvertakenError when somebody else follows it since; RangeError
 * for a cursor that is too long; what `pg` throws. Then nothing was appended.
 */
export async function appendEvents(
  context: EventsContext,
  source: string,
  batch: EventBatch,
  turn?: number,
): Promise<Appended> {
  return appendReady(context, source, await prepare(context, source, batch), turn)
}

/** As `appendEvents`, of what was made ready before; `meanwhile` is called when all there is left to do is to wait for the store. @throws as `appendEvents`. */
export async function appendReady(
  context: EventsContext,
  source: string,
  { batch, events }: ReadyBatch,
  turn?: number,
  meanwhile: () => void = () => undefined,
): Promise<Appended> {
  const at = context.now()
  const cursor = batch.cursor === undefined ? undefined : sealCursor(context, source, batch.cursor)
  const done = await inTransaction(context.database.pool, async (client) => {
    const state = await holdSource(client, context, source)
    if (turn !== undefined && state.turn !== turn) throw new OvertakenError()
    const standing = { source, after: state.position, receivedAt: at, live: batch.live }
    // Sealed while PostgreSQL looks, as if all were new, as they nearly always are.
    const [fresh, asIfNew] = await Promise.all([
      onlyNew(client, source, events, at),
      entriesOf(context, standing, events),
    ])
    const entries = fresh.length === events.length ? asIfNew : await entriesOf(context, standing, fresh)
    const heard = { at, events: entries.length > 0, malformed: fresh.filter(({ malformed }) => malformed).length }
    const next = { ...state, position: state.position + entries.length, cursor: cursor ?? state.cursor }
    await write(client, context, next, { entries, heard, meanwhile })
    return { entries, heard, state: next }
  })
  context.seen.set(source, done.state.position)
  context.recent.keep(
    source,
    done.state.turn,
    done.entries.map((entry) => recentOf(context, entry)),
  )
  const known = batch.events.length - done.entries.length
  count(context, source, done.entries, { known, malformed: done.heard.malformed })
  return { appended: done.entries.length, known }
}

async function onlyNew(
  client: pg.ClientBase,
  source: string,
  ready: readonly Ready[],
  at: Date,
): Promise<readonly Ready[]> {
  if (ready.length === 0) return []
  const taken = await takeKeys(
    client,
    source,
    ready.map(({ digest }) => digest),
    ready.map(({ older }) => older),
    at,
  )
  return ready.filter((_, i) => taken.has(i))
}

/** Where new events of a source stand. */
interface Standing {
  readonly source: string
  /** The position of the last one before. */
  readonly after: number
  readonly receivedAt: Date
  readonly live: boolean
}

/** An event in its place, sealed. */
interface Entry {
  readonly row: NewEventRow
  readonly content: SealedEvent
  /** Null: the gateway's own. */
  readonly key: DataKey | null
}

/** So many are sealed at once, some milliseconds of work: a lock-out that comes meanwhile does not wait for all of them. */
const sealedAtOnce = 128

async function entriesOf(
  context: EventsContext,
  standing: Standing,
  events: readonly Ready[],
): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (const each of events) {
    if (entries.length > 0 && entries.length % sealedAtOnce === 0) await setImmediate()
    entries.push(entryOf(context, standing, standing.after + 1 + entries.length, each))
  }
  return entries
}

function entryOf(context: EventsContext, standing: Standing, position: number, { digest, whose, event }: Ready): Entry {
  const { source, receivedAt, live } = standing
  const at = filedAt(new Date(event.at), receivedAt)
  const { account, type } = event
  const content = { id: digest.toString('hex'), live, person: whose?.person ?? null, event }
  const envelope = {
    ...{ source, position, class: classOf(type), type, at, received_at: receivedAt },
    strange_card: whose === null && account === null && showsCard(event),
    ...digestsOf(context.filing, dayOf(at), source, content),
  }
  const key = whose?.key ?? null
  return { row: sealEvent(context, key, envelope, content), content, key }
}

/** As whoever reads the log would find it. */
function recentOf({ sources }: EventsContext, { row, content, key }: Entry): RecentEvent {
  const site = sources.get(row.source)?.siteOf(content.event) ?? null
  return { logged: loggedEvent(row, content, site), key: key?.id ?? null, guard: row.guard }
}

/** The row of the source last: what is beside it is under its lock. */
async function write(
  client: pg.ClientBase,
  context: EventsContext,
  state: SourceState,
  { entries, heard, meanwhile }: { readonly entries: readonly Entry[]; readonly heard: Heard; meanwhile(): void },
): Promise<void> {
  const { vault } = context
  const { source } = state
  if (entries.length > 0) {
    const rows = entries.map(({ row }) => row)
    const { forged } = await addToMonths(client, vault, source, rows)
    await addEvents(client, andThen(rows, meanwhile))
    if (forged) await tell(client, context, 'events.forged', source)
    await announce(client, source)
  }
  await saveSource(client, vault, state, heard)
  if (heard.malformed > 0) await tell(client, context, 'events.malformed', source, heard.malformed)
  const isLost = entries.some(({ row }) => row.type === 'system.events_lost')
  if (isLost) await tell(client, context, 'events.lost', source)
}

function* andThen<T>(all: readonly T[], last: () => void): Generator<T> {
  yield* all
  last()
}

function count(
  { metrics }: EventsContext,
  source: string,
  entries: readonly Entry[],
  { known, malformed }: { readonly known: number; readonly malformed: number },
): void {
  for (const [of, each] of Map.groupBy(entries, ({ row }) => row.class)) metrics.appended(source, of, each.length)
  const others = entries.filter(({ row }) => row.type === 'other').length
  if (others > 0) metrics.other(source, others)
  if (known > 0) metrics.known(source, known)
  if (malformed > 0) metrics.malformed(source, malformed)
}
