/** Where the log is: the newest position of each source, and the one before a time. */
import type pg from 'pg'
import type { Vault } from '../../vault/vault.ts'
import { type EventSourceRow, eventSourceGuard } from '../guards.ts'

type Client = pg.ClientBase | pg.Pool

/** A source whose row somebody changed says nothing: whoever follows it mends the row. */
export async function newestPositions(client: Client, vault: Vault): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<EventSourceRow>('select * from event_source order by source')
  const genuine = rows.filter((row) => vault.verifyGuard('event_source', eventSourceGuard(row), row.guard))
  return new Map(genuine.map(({ source, position }) => [source, Number(position)]))
}

/** The newest that was received before `time`, none above `newest`; 0 where there is none. Halved down to, since times rise with positions. */
export async function positionBefore(pool: pg.Pool, source: string, time: Date, newest: number): Promise<number> {
  let [before, from] = [0, newest + 1]
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2)
    const { rows } = await pool.query<{ position: string; received_at: Date }>(
      `select position, received_at from event where source = $1 and position >= $2 and position < $3 order by position limit 1`,
      [source, middle, from],
    )
    const [found] = rows
    // What was forgotten is older than all that is there.
    if (found === undefined) from = middle
    else if (found.received_at < time) before = Number(found.position)
    else from = middle
  }
  return before
}
