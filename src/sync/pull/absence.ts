/** Who is missing from a source, and when that counts: silence is not absence until it was confirmed or released. */
import type { PersonId } from '../../model/id.ts'
import { type DossierRecord, touch } from '../../store/dossier.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { peopleWithRowOf, recordsOf, rowDigests } from '../../store/source-records.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { sourceOrigin } from '../origin.ts'
import { resolveAndPass } from '../resolve/resolve-and-pass.ts'
import type { PullPeople } from '../suspect/admit.ts'
import type { Pull } from './intake.ts'
import { isSpokenFor } from './place-records.ts'
import type { Losses } from './pull-brakes.ts'
import { SeenRows } from './seen-rows.ts'

/** People per transaction. */
const batch = 500

/** People with records that a full read did not name, and how many records that are. */
export interface Unseen extends Losses {
  readonly people: readonly PersonId[]
}

/**
 * Whom a complete full read did not name; nobody is marked yet. Of two records that claim the same row one was forged: both people are
 * among them, so that their guards are checked.
 */
export async function findUnseen({ database: { pool } }: SyncContext, { source, seen }: Pull): Promise<Unseen> {
  const found = { newly: 0, all: 0 }
  const people = new Set<PersonId>()
  if (seen === null) return { people: [], ...found }
  for await (const { digests, ids } of rowDigests(pool, source.id, SeenRows.bytes)) {
    const unseen: string[] = []
    const again: string[] = []
    for (let i = 0; i * SeenRows.bytes < digests.length; i++) {
      const met = seen.meet(digests, i * SeenRows.bytes)
      if (met !== 'first') (met === 'unseen' ? unseen : again).push(ids.toString('hex', i * 16, i * 16 + 16))
    }
    for (const { person, presence, key_digest } of await recordsOf(pool, unseen)) {
      if (seen.has(key_digest)) continue
      people.add(person)
      found.all += 1
      if (presence === 'present') found.newly += 1
    }
    for (const person of await peopleWithRowOf(pool, source.id, again)) people.add(person)
  }
  return { people: [...people], ...found }
}

/** Marks who was not in a complete full read, and confirms who was missing before for long enough. Returns how many records are missing. */
export async function noteAbsences(context: SyncContext, pull: Pull, people: readonly PersonId[]): Promise<number> {
  return markMissing(
    context,
    pull.source.id,
    pull.source.absenceConfirmAfterMs,
    people,
    (record) => isSpokenFor(pull, record),
    pull.arrivedAt,
    pull.people,
  )
}

/** The same delivery once more: nobody is newly missing, but those who were missing may now be confirmed. */
export async function confirmAbsences(context: SyncContext, source: string, confirmAfterMs: number): Promise<number> {
  const missing = await context.database.pool.query<{ person_id: PersonId }>(
    `select distinct person_id from source_record where source = $1 and presence = 'missing' and person_id is not null`,
    [source],
  )
  return markMissing(
    context,
    source,
    confirmAfterMs,
    missing.rows.map(({ person_id }) => person_id),
    ({ row }) => row.presence === 'present',
    context.now(),
  )
}

async function markMissing(
  context: SyncContext,
  source: string,
  confirmAfterMs: number,
  people: readonly PersonId[],
  isSeen: (record: DossierRecord) => boolean,
  arrivedAt: Date,
  active: PullPeople | null = null,
): Promise<number> {
  let missing = 0
  for (let start = 0; start < people.length; start += batch) {
    await inTransaction(context.database.pool, async (client) => {
      const loaded = await loadDossiers(client, context.vault, people.slice(start, start + batch))
      await tellForged(client, context, ...loaded.frozen)
      const dossiers = [...wholeAndTorn(loaded).values()]
      const records = dossiers.flatMap((dossier) => dossier.records.filter(({ row }) => row.source === source))
      const now = context.now()
      for (const record of records) {
        const { row } = record
        if (isSeen(record) || row.presence === 'gone') continue
        missing += 1
        if (row.presence === 'present') {
          row.presence = 'missing'
          row.missing_since = now
        } else if (row.missing_since !== null && row.missing_since.getTime() + confirmAfterMs <= now.getTime())
          row.presence = 'gone'
        else continue
        touch(record)
      }
      const origin = sourceOrigin(source)
      // Whose last day is over besides is a leaver by record, missing or not.
      const cause = { actor: origin, because: 'record', arrivedAt } as const
      await resolveAndPass(client, context, dossiers, origin, cause, active)
    })
  }
  return missing
}
