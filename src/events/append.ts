/** Appends what a connector reported: each event once, numbered without a gap, sealed, and with the cursor behind it; or nothing of all that. */
import type pg from 'pg'
import type { EventBatch } from '../connector/contract.ts'
import { classOf } from '../model/events/types.ts'
import { addToMonths } from '../store/events/months.ts'
import { addEvents, announce, type NewEventRow, takeKeys } from '../store/events/rows.ts'
import { type Heard, type SourceState, saveSource } from '../store/events/source-row.ts'
import { inTransaction } from '../store/transaction.ts'
import type { EventsContext } from './context.ts'
import { sealCursor } from './cursor.ts'
import { dayOf, filedAt } from './filing.ts'
import { holdSource } from './hold-source.ts'
import { prepare, type Ready } from './prepare.ts'
import { digestsOf, sealEvent } from './sealed-event.ts'
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
    const rows = fresh.map((each, i) => {
      const position = state.position + 1 + i
      return rowOf(context, { source, position, receivedAt: at, live: batch.live }, each)
    })
    const heard = { at, events: rows.length > 0, malformed: fresh.filter(({ malformed }) => malformed).length }
    const next = { ...state, position: state.position + rows.length, cursor: cursor ?? state.cursor }
    await write(client, context, next, rows, heard)
    return { rows, heard, position: next.position }
  })
  context.seen.set(source, done.position)
  const known = batch.events.length - done.rows.length
  count(context, source, done.rows, { known, malformed: done.heard.malformed })
  return { appended: done.rows.length, known }
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

function rowOf({ vault, filing }: EventsContext, standing: Standing, { digest, whose, event }: Ready): NewEventRow {
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
  return sealEvent(vault, whose?.key ?? null, envelope, content)
}

/** The row of the source last: what is beside it is under its lock. */
async function write(
  client: pg.ClientBase,
  context: EventsContext,
  state: SourceState,
  rows: readonly NewEventRow[],
  heard: Heard,
): Promise<void> {
  const { vault } = context
  const { source } = state
  if (rows.length > 0) {
    const { forged } = await addToMonths(client, vault, source, rows)
    await addEvents(client, rows)
    if (forged) await tell(client, context, 'events.forged', source)
    await announce(client, source)
  }
  await saveSource(client, vault, state, heard)
  if (heard.malformed > 0) await tell(client, context, 'events.malformed', source, heard.malformed)
  const lost = rows.filter(({ type }) => type === 'system.events_lost').length
  if (lost > 0) await tell(client, context, 'events.lost', source)
}

function count(
  { metrics }: EventsContext,
  source: string,
  rows: readonly NewEventRow[],
  { known, malformed }: { readonly known: number; readonly malformed: number },
): void {
  for (const [of, each] of Map.groupBy(rows, (row) => row.class)) metrics.appended(source, of, each.length)
  if (known > 0) metrics.known(source, known)
  if (malformed > 0) metrics.malformed(source, malformed)
}
