/** Individual grants as authorised callers see them: what, until when, by whom and why, and what keeps them from opening anything. */
import type { GrantView } from '../api/acts/grants.ts'
import type { Paged } from '../api/acts/paged.ts'
import { subjectNames } from '../auth/subjects.ts'
import type { PersonId } from '../model/id.ts'
import type { Dossier } from '../store/dossier.ts'
import type { GrantRow } from '../store/guards.ts'
import { loadDossiers } from '../store/load-dossiers.ts'
import { inTransaction } from '../store/transaction.ts'
import type { SyncContext } from '../sync/context.ts'
import { waitOf } from '../sync/grants.ts'
import { modesOf } from '../sync/target-modes.ts'
import { checkedCursor } from './cursor.ts'

/** Those of one person that are not over, oldest first. */
export async function grantViews(context: SyncContext, dossier: Dossier): Promise<GrantView[]> {
  const rows = dossier.grants.map(({ row }) => row).sort((a, b) => a.created_at.getTime() - b.created_at.getTime())
  return viewsOf(context, rows, new Map([[dossier.person.id, dossier]]))
}

/** Those of everybody that are not over. */
export async function allGrants(
  context: SyncContext,
  page: { after?: string; limit: number },
): Promise<Paged<GrantView>> {
  const { database, vault } = context
  const { rows } = await database.pool.query<GrantRow>(
    `select * from individual_grant where ended_at is null and ($1::uuid is null or id > $1) order by id limit $2`,
    [checkedCursor(page.after, 'id'), page.limit],
  )
  const people = rows.map(({ person_id }) => person_id)
  const { dossiers } = await inTransaction(database.pool, (client) => loadDossiers(client, vault, people))
  return {
    rows: await viewsOf(context, rows, dossiers),
    next: rows.length === page.limit ? (rows.at(-1)?.id ?? null) : null,
  }
}

async function viewsOf(
  context: SyncContext,
  rows: readonly GrantRow[],
  dossiers: ReadonlyMap<PersonId, Dossier>,
): Promise<GrantView[]> {
  const { database, vault, levels } = context
  const names = await subjectNames(
    database.db,
    vault,
    rows.map(({ subject_id }) => subject_id),
  )
  const modes = await modesOf(database.pool, context)
  return rows.map((row) => {
    const dossier = dossiers.get(row.person_id)
    const place = { table: 'individual_grant', column: 'reason', row: row.id, version: 1 }
    return {
      id: row.id,
      person: row.person_id,
      level: levels.nameOf(row.access_level_id) ?? row.access_level_id,
      until: row.until?.toISOString() ?? null,
      since: row.created_at.toISOString(),
      by: names.get(row.subject_id) ?? null,
      // A frozen person is not opened: one of their rows is not as it was written.
      reason: dossier === undefined ? null : vault.open(dossier.key, place, row.reason),
      waits: dossier === undefined ? 'frozen' : waitOf(context, modes, dossier, row.access_level_id),
    }
  })
}
