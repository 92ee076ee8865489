/** Follows a target's events from the saved cursor, each batch kept with its cursor; whoever begins later ends this. */
import type { EventBatch, EventsCapability } from '../connector/contract.ts'
import { saveSource } from '../store/events/source-row.ts'
import { inTransaction } from '../store/transaction.ts'
import { appendEvents } from './append.ts'
import type { EventsContext } from './context.ts'
import { openCursor } from './cursor.ts'
import { holdSource } from './hold-source.ts'
import { openSkew } from './skew.ts'
import { tell } from './tell.ts'

/**
 * Returns when the connector says no more, which it should not. `heard` is called with each batch that was kept.
 * @throws whatever ends it: the connector's own errors, OvertakenError, what `pg` throws.
 */
export async function followEvents(
  context: EventsContext,
  source: string,
  events: EventsCapability,
  signal: AbortSignal,
  heard: () => void,
): Promise<void> {
  const { cursor, turn } = await takeTurn(context, source)
  const skew = openSkew(context, source)
  for await (const batch of ahead((ending) => events.follow(cursor, ending), signal)) {
    if (signal.aborted) return
    await appendEvents(context, source, batch, turn)
    heard()
    if (batch.live) await skew.measure(batch.events, context.now())
  }
}

/** From now on nobody who followed the source before appends anything more. */
async function takeTurn(
  context: EventsContext,
  source: string,
): Promise<{ readonly cursor: string | null; readonly turn: number }> {
  return inTransaction(context.database.pool, async (client) => {
    const held = await holdSource(client, context, source, { closely: true })
    const cursor = openCursor(context, source, held.cursor)
    // The row is genuine, and still what it seals does not open: the keys are others.
    if (cursor === undefined) await tell(client, context, 'events.lost', source)
    const state = { ...held, turn: held.turn + 1, cursor: cursor === undefined ? null : held.cursor }
    await saveSource(client, context.vault, state, null)
    return { cursor: cursor ?? null, turn: state.turn }
  })
}

/** A batch of so many is one of what is caught up on: more of them wait. */
const many = 500

/** Where much waits, the next batch is asked for while one is kept. What comes live is not: it would be asked for too early, and come one by one. */
async function* ahead(
  follow: (signal: AbortSignal) => AsyncIterable<EventBatch>,
  signal: AbortSignal,
): AsyncGenerator<EventBatch> {
  const over = new AbortController()
  const batches = follow(AbortSignal.any([signal, over.signal]))[Symbol.asyncIterator]()
  let coming: Promise<IteratorResult<EventBatch>> | null = null
  try {
    for (;;) {
      const next: IteratorResult<EventBatch> = await (coming ?? batches.next())
      if (next.done === true) return
      coming = next.value.events.length >= many ? batches.next() : null
      // What fails meanwhile is met when it is waited for, or nobody waits for it any more.
      coming?.catch(() => undefined)
      yield next.value
    }
  } finally {
    over.abort(new Error('no longer followed'))
    await batches.return?.()
  }
}
