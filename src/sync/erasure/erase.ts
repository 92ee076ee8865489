/** A person is erased by name: locked out at once, removed at every target, then deleted here; each step goes on by itself. */
import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { recordAudit } from '../../audit/record.ts'
import type { PersonId, SubjectId } from '../../model/id.ts'
import { type Dossier, touch } from '../../store/dossier.ts'
import { type JournalledErasure, journalErasure } from '../../store/erasure-journal.ts'
import { deleteErasuresOf, noteRemovals, putTombstones, saveErasure, type Tombstone } from '../../store/erasures.ts'
import { saveDossiers } from '../../store/save-dossiers.ts'
import { changePerson } from '../change-person.ts'
import type { SyncContext } from '../context.ts'
import { lockoutsAmong, passLockouts, recordLockouts } from '../lock-out.ts'
import { resolveAll } from '../resolve/resolve-all.ts'
import { modesOf } from '../target-modes.ts'
import { tombstonesOf } from './identifiers.ts'

export interface BegunErasure {
  readonly erasure: string
  /** The lock-outs to watch. */
  readonly lockouts: readonly string[]
}

/**
 * Nothing takes it back. @throws Refusal `person.unknown`, `person.frozen`, `person.erasing`; VaultError when the journal can't be
 * written: then nothing has begun.
 */
export async function erasePerson(
  context: SyncContext,
  id: PersonId,
  subject: SubjectId,
  reason: string,
): Promise<BegunErasure> {
  return changePerson(context, id, async (dossier, client) => {
    const entry: JournalledErasure = {
      erasure: randomUUID(),
      person: id,
      key: dossier.person.key_id,
      at: context.now(),
      tombstones: tombstonesOfAll(context, dossier),
    }
    const lockouts = await beginErasure(client, context, dossier, entry, subject)
    // Under the gateway's own key, not the person's: who asked for it and why must outlast them.
    await recordAudit(client, context.vault, {
      actor: subject,
      action: 'person.erasing',
      object: id,
      details: { erasure: entry.erasure, reason },
    })
    // Last before the commit. Should that fail all the same, the journal holds what was asked for, and it is done yet.
    journalErasure(context.erasureJournalPath, context.vault, entry)
    return { erasure: entry.erasure, lockouts }
  })
}

/** Of every record that the dossier holds, each identifier once. */
export function tombstonesOfAll({ vault }: SyncContext, { records }: Dossier): readonly Tombstone[] {
  const all = records.flatMap(({ row, record }) => tombstonesOf(vault, row.source, record))
  return [...new Map(all.map((each) => [`${each.purpose}:${each.digest.toString('hex')}`, each])).values()]
}

/** Locks the person out and writes down what is to be removed; the rest is `continueErasures`'. Returns the ids of the lock-outs. */
export async function beginErasure(
  client: pg.ClientBase,
  context: SyncContext,
  dossier: Dossier,
  { erasure, person, key, at, tombstones }: JournalledErasure,
  by: string,
): Promise<readonly string[]> {
  dossier.person.locked_at ??= context.now()
  dossier.person.unlocked_until = null
  touch(dossier)
  await resolveAll(client, context, [dossier], 'operator')
  const passed = passLockouts(lockoutsAmong([dossier], await modesOf(client, context), () => false))
  await saveDossiers(client, context.vault, [dossier])
  // One that is there already is of an older database, or of somebody else's making.
  await deleteErasuresOf(client, person)
  await saveErasure(client, context.vault, {
    id: erasure,
    person_id: person,
    key_id: key,
    asked_at: at,
    asked_by: by,
    epoch: null,
    deleted_at: null,
    unreadable_at: null,
    lifted_at: null,
    statement: null,
    closing: null,
  })
  await noteRemovals(
    client,
    context.vault,
    dossier.accounts.map(({ row }) => ({ erasure, account: row.id, target: row.target, outcome: null })),
    at,
  )
  await putTombstones(client, context.vault, erasure, tombstones)
  return recordLockouts(client, context, passed, { actor: by, because: 'operator', arrivedAt: context.now() })
}
