/** Takes hold of a source for whoever appends to it; one whose row somebody changed, took away or put back is mended by what the log itself proves. */
import type pg from 'pg'
import { lastEvents, takenAfter } from '../store/events/rows.ts'
import { ensureSource, lockSource, newSourceState, type SourceState } from '../store/events/source-row.ts'
import type { EventsContext } from './context.ts'
import { openCursor } from './cursor.ts'
import { isGenuine } from './sealed-event.ts'
import { tell } from './tell.ts'

/**
 * To the end of the transaction. `closely`: also looks whether the log goes on beyond what the row says, as it would if an older row
 * was put back while nobody watched.
 */
export async function holdSource(
  client: pg.ClientBase,
  context: EventsContext,
  source: string,
  { closely = false }: { readonly closely?: boolean } = {},
): Promise<SourceState> {
  const { found, made } = await lockOrMake(client, context, source)
  const trusted = found.genuine && found.state.position >= (context.seen.get(source) ?? 0)
  if (trusted && !closely && !made) return found.state
  const beyond = trusted ? await takenAfter(client, source, found.state.position) : 1
  if (trusted && beyond === 0) return found.state
  return mended(client, context, source, found.genuine ? found.state : null, found.state.cursor)
}

async function lockOrMake(client: pg.ClientBase, { vault }: EventsContext, source: string) {
  const locked = await lockSource(client, vault, source)
  if (locked !== null) return { found: locked, made: false }
  await ensureSource(client, vault, source)
  const made = await lockSource(client, vault, source)
  return { found: made ?? { state: newSourceState(source), genuine: true }, made: true }
}

const page = 200
/** So many rows of somebody else are looked past. */
const pagesMax = 50

/** Goes on behind the last event that is genuine, and behind whatever somebody put in the places after it. */
async function mended(
  client: pg.ClientBase,
  context: EventsContext,
  source: string,
  known: SourceState | null,
  cursor: Buffer | null,
): Promise<SourceState> {
  const last = Math.max(await lastGenuine(client, context, source), known?.position ?? 0, context.seen.get(source) ?? 0)
  const position = last + (await takenAfter(client, source, last))
  const opened = openCursor(context, source, cursor)
  await tell(client, context, 'events.forged', source)
  // Without a cursor of ours it begins at what happens now: what happened meanwhile may be lost.
  if (opened === undefined || opened === null) await tell(client, context, 'events.lost', source)
  const wasReplaced = context.vault.formerDigests('event', []).length > 0
  return {
    ...{ source, position, cursor: opened === undefined ? null : cursor, turn: (known?.turn ?? 0) + 1 },
    former_to: known?.former_to ?? (wasReplaced ? position : 0),
    renewed_to: known?.renewed_to ?? 0,
  }
}

async function lastGenuine(client: pg.ClientBase, { vault }: EventsContext, source: string): Promise<number> {
  let below = Number.MAX_SAFE_INTEGER
  for (let looked = 0; looked < pagesMax; looked++) {
    const rows = await lastEvents(client, source, below, page)
    const genuine = rows.find((row) => isGenuine(vault, row))
    if (genuine !== undefined) return Number(genuine.position)
    if (rows.length < page) return 0
    below = Number(rows.at(-1)?.position)
  }
  return 0
}
