/** Holds the database to the journal: whoever was erased and is there again, because an older database was put back, is erased again. */
import { recordAudit } from '../../audit/record.ts'
import type { PersonId } from '../../model/id.ts'
import { clearAlarm, raiseAlarm } from '../../store/alarms.ts'
import { type JournalledErasure, journalErasure, readJournal } from '../../store/erasure-journal.ts'
import {
  checkErasures,
  deletePersonRows,
  erasuresOf,
  putTombstones,
  type Tombstone,
  tombstonesOfErasures,
} from '../../store/erasures.ts'
import { lockMatchRuns } from '../../store/forget-match.ts'
import type { ErasureRow } from '../../store/guards.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { beginErasure } from './erase.ts'

const batch = 500

/**
 * Before anything else at start, and now and then: it costs two questions per 500 erasures. Returns how many people it found again.
 * What the journal lost (it was not restored with the keyring), the database gives back to it.
 */
export async function replayErasures(context: SyncContext): Promise<number> {
  const { vault, erasureJournalPath } = context
  const journal = readJournal(erasureJournalPath, vault)
  await tellForgedJournal(context, journal.forged)
  let again = 0
  for (let start = 0; start < journal.erased.length; start += batch) {
    const entries = journal.erased.slice(start, start + batch)
    for (const entry of await returned(context, entries)) {
      await eraseAgain(context, entry)
      again += 1
    }
    await restoreTombstones(
      context,
      entries.filter(({ erasure }) => !journal.lifted.has(erasure)),
    )
  }
  await context.database.pool.query('delete from tombstone where erasure_id = any($1::uuid[])', [[...journal.lifted]])
  await restoreJournal(context, new Set(journal.erased.map(({ erasure }) => erasure)))
  if (again > 0) context.log('warn', 'erasure.replayed', { count: again })
  return again
}

async function tellForgedJournal({ database, vault }: SyncContext, count: number): Promise<void> {
  if (count === 0) await clearAlarm(database.pool, vault, 'erasure.journal-forged', '')
  else await raiseAlarm(database.pool, vault, 'erasure.journal-forged', '', count)
}

/** Who is in the database without being erased there just now. */
async function returned(
  { database, vault }: SyncContext,
  entries: readonly JournalledErasure[],
): Promise<readonly JournalledErasure[]> {
  const { rows } = await database.pool.query<{ id: PersonId }>('select id from person where id = any($1::uuid[])', [
    entries.map(({ person }) => person),
  ])
  const found = new Set(rows.map(({ id }) => id))
  if (found.size === 0) return []
  const { genuine } = await erasuresOf(database.pool, vault, [...found])
  for (const { person_id, deleted_at } of genuine) if (deleted_at === null) found.delete(person_id)
  return entries.filter(({ person }) => found.has(person))
}

async function eraseAgain(context: SyncContext, entry: JournalledErasure): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const runs = await lockMatchRuns(client)
    const loaded = await loadDossiers(client, context.vault, [entry.person])
    const { frozen } = loaded
    const dossier = wholeAndTorn(loaded).get(entry.person)
    // Their key was destroyed, or a row was changed: nothing here can be read, and their accounts were removed when they were erased.
    const isUnreadable = dossier === undefined && frozen.length > 0
    if (isUnreadable) await deletePersonRows(client, context.vault, entry.person, runs, context.now())
    else if (dossier === undefined) return
    else await beginErasure(client, context, dossier, entry, 'journal')
    await recordAudit(client, context.vault, {
      actor: 'journal',
      action: isUnreadable ? 'person.erased' : 'person.erasing',
      object: entry.person,
      details: { erasure: entry.erasure, why: 'found again' },
    })
  })
  context.vault.forget(entry.key)
}

async function restoreTombstones(context: SyncContext, entries: readonly JournalledErasure[]): Promise<void> {
  const { database, vault } = context
  const stored = await tombstonesOfErasures(
    database.pool,
    vault,
    entries.map(({ erasure }) => erasure),
  )
  for (const { erasure, tombstones } of entries) {
    const there = new Set(stored.get(erasure)?.map(nameOf))
    if (tombstones.every((trace) => there.has(nameOf(trace)))) continue
    await inTransaction(database.pool, (client) => putTombstones(client, vault, erasure, tombstones))
  }
}

function nameOf({ purpose, digest }: Tombstone): string {
  return `${purpose}:${digest.toString('hex')}`
}

/** Erasures that the database knows of and the journal does not: what it says of them is as Gatehouse wrote it, or is left out. */
async function restoreJournal(context: SyncContext, journalled: ReadonlySet<string>): Promise<void> {
  const { database, vault, erasureJournalPath } = context
  const { rows } = await database.pool.query<ErasureRow>('select * from erasure where id <> all($1::uuid[])', [
    [...journalled],
  ])
  const { genuine, forged } = checkErasures(vault, rows)
  await tellForged(database.pool, context, ...forged)
  const traces = await tombstonesOfErasures(
    database.pool,
    vault,
    genuine.map(({ id }) => id),
  )
  for (const { id: erasure, person_id: person, key_id: key, asked_at: at } of genuine)
    journalErasure(erasureJournalPath, vault, { erasure, person, key, at, tombstones: traces.get(erasure) ?? [] })
}
