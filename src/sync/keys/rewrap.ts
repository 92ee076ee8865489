/** Brings every key that still opens under the epoch in use, page by page, beside all other work; ended at any moment, it goes on where it was. */
import type { KeyId } from '../../model/id.ts'
import { isGenuineArchive } from '../../store/archives.ts'
import { inTransaction } from '../../store/transaction.ts'
import { archivesOutside, keysOutside, replaceArchiveKeys, replaceKeys } from '../../store/wrapped-keys.ts'
import { currentEpoch } from '../../vault/keyring.ts'
import type { WrappedKey } from '../../vault/vault.ts'
import { isRowFault } from '../../vault/vault-error.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'

/** Small enough that a lock-out that comes meanwhile does not feel it: some milliseconds of work. */
const batch = 200

export interface Rewrapped {
  /** Keys that were moved. */
  readonly moved: number
  /** The epochs of the keys that were moved: these are not empty for certain until another look finds nothing. */
  readonly from: ReadonlySet<string>
  /** False when it was stopped before the end. */
  readonly complete: boolean
}

/**
 * Keys that do not open are left where they are, and do not count as living: they were changed from outside, or their epoch is gone.
 * Whoever needs one of them finds its person frozen.
 */
export async function rewrapAll(context: SyncContext, signal: AbortSignal): Promise<Rewrapped> {
  const from = new Set<string>()
  let moved = 0
  for (const page of [peoplePage, archivesPage]) {
    let after: KeyId | null = null
    do {
      if (signal.aborted) return { moved, from, complete: false }
      const done: Page = await page(context, after)
      for (const { epoch } of done.moved) from.add(epoch)
      moved += done.moved.length
      after = done.next
    } while (after !== null)
  }
  return { moved, from, complete: true }
}

interface Page {
  /** As they were. */
  readonly moved: readonly WrappedKey[]
  /** Null: that was the last one. */
  readonly next: KeyId | null
}

async function peoplePage({ database, vault, keyring }: SyncContext, after: KeyId | null): Promise<Page> {
  const rows = await keysOutside(database.pool, currentEpoch(keyring.current).id, after, batch)
  const replacements = rewrapped(rows, (old) => vault.rewrap('data-key', old))
  if (replacements.length > 0) await replaceKeys(database.pool, replacements)
  return { moved: replacements.map(({ old }) => old), next: nextOf(rows) }
}

async function archivesPage({ database, vault, keyring }: SyncContext, after: KeyId | null): Promise<Page> {
  return inTransaction(database.pool, async (client) => {
    const rows = await archivesOutside(client, currentEpoch(keyring.current).id, after, batch)
    // A forged row is not signed anew.
    const genuine = rows.filter((row) => isGenuineArchive(vault, row))
    const replacements = rewrapped(genuine, (old) => vault.rewrap('file-key', old))
    if (replacements.length > 0) await replaceArchiveKeys(client, vault, replacements)
    return { moved: replacements.map(({ old }) => old), next: nextOf(rows) }
  })
}

function rewrapped<Row extends WrappedKey>(
  rows: readonly Row[],
  rewrap: (old: Row) => WrappedKey,
): readonly { readonly old: Row; readonly now: WrappedKey }[] {
  return rows.flatMap((old) => {
    try {
      return [{ old, now: rewrap(old) }]
    } catch (error) {
      if (!isRowFault(error)) throw error
      return []
    }
  })
}

function nextOf(rows: readonly WrappedKey[]): KeyId | null {
  return rows.length < batch ? null : certain(rows.at(-1)).id
}
