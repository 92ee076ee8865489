/** Appends what a connector reported: each event once, numbered without a gap, sealed, and with the cursor behind it; or nothing of all that. */
import type pg from 'pg'
import type { EventBatch } from '../connector/contract.ts'
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
import { prepare, type Ready } from './prepare.ts'
import type { RecentEvent } from './recent.ts'
import { digestsOf, type Envelope, type SealedEvent, sealEvent } from './sealed-event.ts'
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
  const at = context.now()
  const ready = await prepare(context, source, batch.events, at)
  const cursor = batch.cursor === undefined ? undefined : sealCursor(context, source, batch.cursor)
  const done = await inTransaction(context.database.pool, async (client) => {
    const state = await holdSource(client, context, source)
    if (turn !== undefined && state.turn !== turn) throw new OvertakenError()
    const fresh = await onlyNew(client, source, ready, at)
    const entries = fresh.map((each, i) => {
      const position = state.position + 1 + i
      return entryOf(context, { source, position, receivedAt: at, live: batch.live }, each)
    })
    const heard = { at, events: entries.length > 0, malformed: fresh.filter(({ malformed }) => malformed).length }
    const next = { ...state, position: state.position + entries.length, cursor: cursor ?? state.cursor }
    const guards = await write(client, context, next, entries, heard)
    return { entries, guards, heard, state: next }
  })
  context.seen.set(source, done.state.position)
  context.recent.keep(
    source,
    done.state.turn,
    done.entries.map((entry, i) => recentOf(context, entry, done.guards[i] as Buffer)),
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

interface Standing {
  readonly source: string
  readonly position: number
  readonly receivedAt: Date
  readonly live: boolean
}

/** An event in its place, not sealed yet. */
interface Entry {
  readonly envelope: Envelope
  readonly content: SealedEvent
  /** Null: the gateway's own. */
  readonly key: DataKey | null
}

function entryOf({ filing }: EventsContext, standing: Standing, { digest, whose, event }: Ready): Entry {
  const { source, position, receivedAt, live } = standing
  const at = filedAt(new Date(event.at), receivedAt)
  const { account, card, cardNumber, type } = event
  const shown = card !== null || cardNumber !== null || type === 'access.denied.unknown_credential'
  const content = { id: digest.toString('hex'), live, person: whose?.person ?? null, event }
  const envelope = {
    ...{ source, position, class: classOf(type), type, at, received_at: receivedAt },
    strange_card: whose === null && account === null && shown,
    ...digestsOf(filing, dayOf(at), source, content),
  }
  return { envelope, content, key: whose?.key ?? null }
}

/** One by one, as they are sent: what was sent already is written by the store meanwhile. */
function* sealed(context: EventsContext, entries: readonly Entry[], guards: Buffer[]): Generator<NewEventRow> {
  for (const { envelope, content, key } of entries) {
    const row = sealEvent(context, key, envelope, content)
    guards.push(row.guard)
    yield row
  }
}

/** As whoever reads the log would find it. */
function recentOf({ sources }: EventsContext, { envelope, content, key }: Entry, guard: Buffer): RecentEvent {
  const site = sources.get(envelope.source)?.siteOf(content.event) ?? null
  return { logged: loggedEvent(envelope, content, site), key: key?.id ?? null, guard }
}

/** The row of the source last: what is beside it is under its lock. Returns what signs each event. */
async function write(
  client: pg.ClientBase,
  context: EventsContext,
  state: SourceState,
  entries: readonly Entry[],
  heard: Heard,
): Promise<readonly Buffer[]> {
  const { vault } = context
  const { source } = state
  const guards: Buffer[] = []
  if (entries.length > 0) {
    const envelopes = entries.map(({ envelope }) => envelope)
    const { forged } = await addToMonths(client, vault, source, envelopes)
    await addEvents(client, sealed(context, entries, guards))
    if (forged) await tell(client, context, 'events.forged', source)
    await announce(client, source)
  }
  await saveSource(client, vault, state, heard)
  if (heard.malformed > 0) await tell(client, context, 'events.malformed', source, heard.malformed)
  const isLost = entries.some(({ envelope }) => envelope.type === 'system.events_lost')
  if (isLost) await tell(client, context, 'events.lost', source)
  return guards
}

function count(
  { metrics }: EventsContext,
  source: string,
  entries: readonly Entry[],
  { known, malformed }: { readonly known: number; readonly malformed: number },
): void {
  for (const [of, each] of Map.groupBy(entries, ({ envelope }) => envelope.class))
    metrics.appended(source, of, each.length)
  const others = entries.filter(({ envelope }) => envelope.type === 'other').length
  if (others > 0) metrics.other(source, others)
  if (known > 0) metrics.known(source, known)
  if (malformed > 0) metrics.malformed(source, malformed)
}
