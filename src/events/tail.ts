/** Follows the whole log, source by source, from one cursor that names a position in each. */
import { newsOfSources } from '../store/events/source-row.ts'
import type { EventsContext } from './context.ts'
import type { LoggedEvent } from './logged-event.ts'
import { readLogged } from './read-logged.ts'

export type Positions = ReadonlyMap<string, number>

/** Opaque to whoever sends it back. */
export function encodePositions(positions: Positions): string {
  const text = [...positions].map(([source, position]) => `${source}:${position}`).join(',')
  return Buffer.from(text).toString('base64url')
}

/** Null for what `encodePositions` did not make. */
export function decodePositions(cursor: string): Positions | null {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  if (text === '') return cursor === '' ? new Map() : null
  const pairs = text.split(',').map((pair) => /^([a-z0-9-]{1,32}):(\d{1,15})$/.exec(pair))
  if (pairs.includes(null)) return null
  return new Map(pairs.map((pair) => [pair?.[1] ?? '', Number(pair?.[2])]))
}

/** Where everything is told already. */
export async function endOfLog({ database }: EventsContext): Promise<Positions> {
  return new Map((await newsOfSources(database.pool)).map(({ source, position }) => [source, position]))
}

/** At most `limit` of each source that has something new; a source that the cursor does not know is told from its beginning. */
export async function tailLog(
  context: EventsContext,
  from: Positions,
  limit: number,
): Promise<{ readonly events: readonly LoggedEvent[]; readonly upTo: Positions }> {
  const upTo = new Map(from)
  const events: LoggedEvent[] = []
  for (const { source, position } of await newsOfSources(context.database.pool)) {
    const after = from.get(source) ?? 0
    if (position <= after) continue
    const page = await readLogged(context, source, after, limit)
    events.push(...page.events)
    upTo.set(source, page.upTo)
  }
  return { events, upTo }
}
