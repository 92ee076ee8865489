/** Seals events anew after all keys were replaced, page by page and resumable: then no key of before opens any of them, nor finds whose they are. */
import type pg from 'pg'
import { erasedKeys } from '../store/erasures.ts'
import { eventsAfter, keysOf, replaceEvents } from '../store/events/rows.ts'
import { newsOfSources, saveSource } from '../store/events/source-row.ts'
import type { EventRow } from '../store/guards.ts'
import { inTransaction } from '../store/transaction.ts'
import type { EventsContext } from './context.ts'
import { dayOf } from './filing.ts'
import { holdSource } from './hold-source.ts'
import { KeysOfEvents } from './open-rows.ts'
import { digestsOf, emptied, isGenuine, openEvent, openWhose, sealEvent } from './sealed-event.ts'

const page = 500

/** Called again and again; returns how many rows were made anew. Appending to the source waits for one page at most. */
export async function renewEvents(context: EventsContext, signal: AbortSignal): Promise<number> {
  let renewed = 0
  for (const { source, renewedTo, formerTo } of await newsOfSources(context.database.pool)) {
    let open = renewedTo < formerTo
    while (open && !signal.aborted) {
      const done = await inTransaction(context.database.pool, (client) => renewPage(client, context, source))
      renewed += done.rows
      open = !done.over
    }
  }
  if (renewed > 0) context.log('info', 'events.renewed', { count: renewed })
  return renewed
}

async function renewPage(
  client: pg.ClientBase,
  context: EventsContext,
  source: string,
): Promise<{ readonly rows: number; readonly over: boolean }> {
  const state = await holdSource(client, context, source)
  const span = { after: state.renewed_to, upTo: state.former_to, since: new Date(0), limit: page }
  const rows = await eventsAfter(client, source, span)
  const made = await madeAnew(client, context, rows)
  await replaceEvents(client, made)
  const last = rows.at(-1)
  const over = rows.length < page || last === undefined
  await saveSource(
    client,
    context.vault,
    { ...state, renewed_to: over ? state.former_to : Number(last.position) },
    null,
  )
  return { rows: made.length, over }
}

/** What somebody else wrote stays as it is, and counts for nothing. */
async function madeAnew(
  client: pg.ClientBase,
  context: EventsContext,
  rows: readonly EventRow[],
): Promise<readonly EventRow[]> {
  const { vault, filing } = context
  const whose = rows.map((row) => openWhose(vault, row))
  const ids = [...new Set(whose.flatMap((id) => id ?? []))]
  const keys = new KeysOfEvents(context, await keysOf(client, ids))
  const gone = await erasedKeys(
    client,
    vault,
    ids.filter((id) => !keys.has(id)),
  )
  return rows.flatMap((row, i) => {
    const keyId = whose[i]
    if (keyId === undefined || isGenuine(vault, row)) return []
    if (keyId !== null && gone.has(keyId)) return [emptied(vault, row, keyId)]
    const candidates = keys.of(keyId, true)
    const content = openEvent(vault, candidates, row)
    if (content === null) return []
    const { whose: _, sealed, guard, position, ...rest } = row
    const digests = digestsOf(filing, dayOf(row.at), row.source, content)
    const envelope = { ...rest, ...digests, position: Number(position) }
    const anew = sealEvent(context, candidates?.[0] ?? null, envelope, content)
    return [{ ...anew, position }]
  })
}
