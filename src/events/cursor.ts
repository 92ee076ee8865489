/** Where the reading of a source goes on: sealed for that source, so that nobody can make one, and an older one only has events told again. */
import { VaultError } from '../vault/vault-error.ts'
import type { EventsContext } from './context.ts'

/** What a connector may keep. */
const cursorMax = 64 * 1024

/** @throws RangeError for one that is too long. */
export function sealCursor({ vault }: Pick<EventsContext, 'vault'>, source: string, cursor: string): Buffer {
  if (cursor.length > cursorMax) throw new RangeError('a cursor of events is longer than 64 KiB')
  return vault.sealSystem(placeOf(source), cursor.toWellFormed())
}

/** Undefined when it is none of ours. */
export function openCursor(
  { vault }: Pick<EventsContext, 'vault'>,
  source: string,
  cursor: Buffer | null,
): string | null | undefined {
  if (cursor === null) return null
  try {
    return vault.openSystem(placeOf(source), cursor)
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    return undefined
  }
}

function placeOf(source: string) {
  return { table: 'event_source', column: 'cursor', row: source, version: 1 } as const
}
