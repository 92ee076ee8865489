/** Where the logs of events and of punches are: the newest position of each source, and the one before a time. */
import type pg from 'pg'
import type { FeedName } from '../../model/events/reveal.ts'
import type { Vault } from '../../vault/vault.ts'
import { type EventSourceRow, eventSourceGuard } from '../guards.ts'
import { newestPunch } from '../punches/rows.ts'

type Client = pg.ClientBase | pg.Pool

/** A source whose row somebody changed says nothing: whoever follows it mends the row. */
export async function newestPositions(client: Client, vault: Vault): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<EventSourceRow>('select * from event_source order by source')
  const genuine = rows.filter((row) => vault.verifyGuard('event_source', eventSourceGuard(row), row.guard))
  return new Map(genuine.map(({ source, position }) => [source, Number(position)]))
}

/** What all punches are one source of, in the order in which they were written. No system that reports events can be called so. */
export const attendanceLog = 'attendance_log'

/** As `newestPositions`, of what a feed delivers. */
export async function newestOf(client: Client, vault: Vault, feed: FeedName): Promise<ReadonlyMap<string, number>> {
  if (feed === 'events') return newestPositions(client, vault)
  const newest = await newestPunch(client, vault)
  return new Map(newest?.genuine === true ? [[attendanceLog, newest.n]] : [])
}

/** Which feed has this source. */
export function feedOfSource(source: string): FeedName {
  return source === attendanceLog ? 'punches' : 'events'
}

/** The newest that was received before `time`, none above `newest`; 0 where there is none. */
export function positionBefore(pool: pg.Pool, source: string, time: Date, newest: number): Promise<number> {
  return lastBefore(newest, time, async (from, to) => {
    const { rows } = await pool.query<{ position: string; received_at: Date }>(
      `select position, received_at from event where source = $1 and position >= $2 and position <= $3 order by position limit 1`,
      [source, from, to],
    )
    return rows[0] === undefined ? null : { position: Number(rows[0].position), at: rows[0].received_at }
  })
}

/** Halved down to, since times rise with positions. `firstOf` reads the first between two positions, both included; null: there is none. */
export async function lastBefore(
  newest: number,
  time: Date,
  firstOf: (from: number, to: number) => Promise<{ readonly position: number; readonly at: Date } | null>,
): Promise<number> {
  let [before, from] = [0, newest + 1]
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2)
    const found = await firstOf(middle, from - 1)
    // What was forgotten is older than all that is there.
    if (found !== null && found.at < time) before = found.position
    else from = middle
  }
  return before
}
