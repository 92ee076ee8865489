/** Who is missing from a source, and when that counts: silence is not absence until it was confirmed or released. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import { touch } from '../../store/dossier.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { sourceOrigin } from '../origin.ts'
import { resolveAndPass } from '../resolve/resolve-and-pass.ts'
import type { PullPeople } from '../suspect/admit.ts'
import type { Pull } from './intake.ts'
import type { Losses } from './pull-brakes.ts'

/** People per transaction. */
const batch = 500

/** People with records that a full read did not name, and how many records that are. */
export interface Unseen extends Losses {
  readonly people: readonly PersonId[]
}

/** Whom a complete full read did not name; nobody is marked yet. */
export async function findUnseen({ database }: SyncContext, pull: Pull): Promise<Unseen> {
  const { rows } = await database.pool.query<{ person_id: PersonId; newly: number; all: number }>(
    `select r.person_id, count(*) filter (where r.presence = 'present')::int as newly, count(*)::int as all from source_record r
      where r.source = $1 and r.presence <> 'gone' and r.person_id is not null
        and not exists (select 1 from pull_seen s where s.pull_id = $2 and s.record_id = r.id)
      group by r.person_id`,
    [pull.source.id, pull.id],
  )
  return {
    people: rows.map(({ person_id }) => person_id),
    newly: rows.reduce((sum, { newly }) => sum + newly, 0),
    all: rows.reduce((sum, { all }) => sum + all, 0),
  }
}

/** Marks who was not in a complete full read, and confirms who was missing before for long enough. Returns how many records are missing. */
export async function noteAbsences(context: SyncContext, pull: Pull, people: readonly PersonId[]): Promise<number> {
  const seen = async (client: pg.ClientBase, ids: readonly string[]): Promise<ReadonlySet<string>> => {
    const { rows } = await client.query<{ record_id: string }>(
      'select record_id from pull_seen where pull_id = $1 and record_id = any($2::uuid[])',
      [pull.id, ids],
    )
    return new Set(rows.map(({ record_id }) => record_id))
  }
  return markMissing(
    context,
    pull.source.id,
    pull.source.absenceConfirmAfterMs,
    people,
    seen,
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
    null,
    context.now(),
  )
}

async function markMissing(
  context: SyncContext,
  source: string,
  confirmAfterMs: number,
  people: readonly PersonId[],
  seenOf: ((client: pg.ClientBase, ids: readonly string[]) => Promise<ReadonlySet<string>>) | null,
  arrivedAt: Date,
  active: PullPeople | null = null,
): Promise<number> {
  let missing = 0
  for (let start = 0; start < people.length; start += batch) {
    await inTransaction(context.database.pool, async (client) => {
      const { dossiers, frozen } = await loadDossiers(client, context.vault, people.slice(start, start + batch))
      await tellForged(client, context, ...frozen)
      const records = [...dossiers.values()].flatMap((dossier) =>
        dossier.records.filter(({ row }) => row.source === source),
      )
      const seen =
        seenOf === null
          ? new Set(records.filter(({ row }) => row.presence === 'present').map(({ row }) => row.id as string))
          : await seenOf(
              client,
              records.map(({ row }) => row.id),
            )
      const now = context.now()
      for (const record of records) {
        const { row } = record
        if (seen.has(row.id) || row.presence === 'gone') continue
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
      await resolveAndPass(client, context, [...dossiers.values()], origin, cause, active)
    })
  }
  return missing
}
