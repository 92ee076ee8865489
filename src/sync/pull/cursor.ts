/** Where a source is read on: sealed, signed with the source's standing, and good only for the settings and the mapping that it was made with. */
import { readStanding } from '../../store/source-standing.ts'
import { VaultError } from '../../vault/vault-error.ts'
import type { SourceSetup, SyncContext } from '../context.ts'

/** What a connector may keep of a read: as much as many thousand ids and times. */
const cursorMax = 1024 * 1024

/** Null when there is none, when somebody changed it, or when it was made with other settings or another mapping: then all is read. */
export async function cursorOf({ database, vault }: SyncContext, source: SourceSetup): Promise<string | null> {
  const standing = await readStanding(database.pool, vault, source.id)
  if (standing === null || standing.cursor === null) return null
  try {
    const { made, cursor } = JSON.parse(vault.openSystem(placeOf(source.id), standing.cursor)) as Kept
    return made === source.readVersion ? cursor : null
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    return null
  }
}

/** Undefined for a delivery that gives none: then the one before it stays. @throws RangeError for one that is too long. */
export function sealCursor(
  { vault }: SyncContext,
  source: SourceSetup,
  cursor: string | undefined,
): Buffer | undefined {
  if (cursor === undefined) return undefined
  if (cursor.length > cursorMax) throw new RangeError('a cursor of a source is longer than 1 MiB')
  const kept: Kept = { made: source.readVersion, cursor }
  return vault.sealSystem(placeOf(source.id), JSON.stringify(kept))
}

interface Kept {
  readonly made: string
  readonly cursor: string
}

function placeOf(source: string) {
  return { table: 'source_standing', column: 'cursor', row: source, version: 1 } as const
}
