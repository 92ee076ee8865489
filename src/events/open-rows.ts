/** Opens rows of the log: verified each, with the keys of all whom they are about asked for at once; an erased person's are told apart from forged ones. */
import type { KeyId } from '../model/id.ts'
import { erasedKeys } from '../store/erasures.ts'
import { keysOf } from '../store/events/rows.ts'
import type { EventRow } from '../store/guards.ts'
import type { DataKey } from '../vault/vault.ts'
import { unlessRowFault } from '../vault/vault-error.ts'
import type { EventsContext } from './context.ts'
import { type LoggedEvent, loggedEvent } from './logged-event.ts'
import { isGenuine, openEvent, openWhose } from './sealed-event.ts'

export interface OpenedRows {
  /** In the order of the rows. */
  readonly events: readonly LoggedEvent[]
  /** Positions of events of people who were erased since. */
  readonly erased: readonly number[]
  /** Of each row that somebody else wrote, the source that it names. */
  readonly forged: readonly string[]
}

/** Positions that are still under keys that were replaced: their seal alone says that they are ours. */
export interface FormerRange {
  readonly after: number
  readonly upTo: number
}

export function isFormer({ after, upTo }: FormerRange, position: number): boolean {
  return position > after && position <= upTo
}

/** `formerOf`: which positions are under keys before, of the one source, or by source. @throws what `pg` throws. */
export async function openRows(
  context: EventsContext,
  rows: readonly EventRow[],
  formerOf: FormerRange | ((source: string) => FormerRange),
): Promise<OpenedRows> {
  const { vault, database, sources } = context
  const whose = rows.map((row) => openWhose(vault, row))
  const ids = [...new Set(whose.flatMap((id) => id ?? []))]
  const keys = new KeysOfEvents(context, await keysOf(database.pool, ids))
  const gone = await erasedKeys(
    database.pool,
    vault,
    ids.filter((id) => !keys.has(id)),
  )
  const events: LoggedEvent[] = []
  const erased: number[] = []
  const forged: string[] = []
  for (const [i, row] of rows.entries()) {
    const keyId = whose[i]
    const position = Number(row.position)
    const range = typeof formerOf === 'function' ? formerOf(row.source) : formerOf
    const genuine = isGenuine(vault, row)
    const former = isFormer(range, position)
    if ((!genuine && !former) || keyId === undefined) forged.push(row.source)
    else if (keyId !== null && !keys.has(keyId)) {
      // Whose key is gone of whom nobody says that they were erased: their row is right all the same, if it is signed.
      if (genuine || gone.has(keyId)) erased.push(position)
      else forged.push(row.source)
    } else {
      const content = openEvent(vault, keys.of(keyId, former), row)
      if (content === null) forged.push(row.source)
      else
        events.push(loggedEvent({ ...row, position }, content, sources.get(row.source)?.siteOf(content.event) ?? null))
    }
  }
  return { events, erased, forged }
}

/** Keys of those whom events are about, unwrapped when they are needed, once. */
export class KeysOfEvents {
  readonly #vault: EventsContext['vault']
  readonly #rows: Awaited<ReturnType<typeof keysOf>>
  readonly #opened = new Map<string, readonly DataKey[]>()

  constructor({ vault }: EventsContext, rows: Awaited<ReturnType<typeof keysOf>>) {
    this.#vault = vault
    this.#rows = rows
  }

  has(id: KeyId): boolean {
    return this.#rows.has(id)
  }

  /** Null: the gateway's own. With `former`, also those that were replaced. */
  of(id: KeyId | null, former: boolean): readonly DataKey[] | null {
    if (id === null) return null
    const name = `${id} ${former}`
    const known = this.#opened.get(name) ?? this.#open(id, former)
    this.#opened.set(name, known)
    return known
  }

  #open(id: KeyId, former: boolean): readonly DataKey[] {
    const row = this.#rows.get(id)
    if (row === undefined) return []
    return unlessRowFault(() => [this.#vault.unwrap(row), ...(former ? this.#vault.unwrapFormer(row) : [])]) ?? []
  }
}
