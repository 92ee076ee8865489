/** Follows a target's events from the saved cursor, each batch kept with its cursor; whoever begins later ends this. */
import type { EventsCapability } from '../connector/contract.ts'
import { saveSource } from '../store/events/source-row.ts'
import { inTransaction } from '../store/transaction.ts'
import { appendReady } from './append.ts'
import type { EventsContext } from './context.ts'
import { openCursor } from './cursor.ts'
import { holdSource } from './hold-source.ts'
import { readAhead } from './read-ahead.ts'
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
  const follow = (ending: AbortSignal) => events.follow(cursor, ending)
  for await (const { ready, isMore, meanwhile } of readAhead(context, source, follow, signal)) {
    if (signal.aborted) return
    const { batch } = ready
    await appendReady(context, source, ready, turn, meanwhile)
    heard()
    if (isMore) await context.recent.letRead(source)
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
