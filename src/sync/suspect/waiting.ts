/** Lock-outs that are held back because of a suspect source, told by what is signed alone. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import { type AccountRow, accountGuard, guardedOfAccount } from '../../store/guards.ts'
import { isLetGo, type SourceStanding } from '../../store/source-standing.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { sourceOf, sourceOrigin } from '../origin.ts'
import { ownersOf } from '../owners-of.ts'

/** People per transaction. */
const batch = 500

const columns = [...guardedOfAccount, 'guard'].join(', ')

/** People whose lock-out this source's suspicion holds, in pages; accounts that are not as we wrote them do not count. */
export async function* peopleWaiting(
  client: pg.ClientBase | pg.Pool,
  { vault }: SyncContext,
  source: string,
): AsyncGenerator<{ readonly people: readonly PersonId[]; readonly heldAt: readonly Date[] }> {
  let after: PersonId | null = null
  for (;;) {
    const { rows }: { rows: AccountRow[] } = await client.query<AccountRow>(
      `select ${columns} from account where wanted_by = $1 and suspect_at is not null and person_id in (
         select distinct person_id from account
          where wanted_by = $1 and suspect_at is not null and ($2::uuid is null or person_id > $2)
          order by person_id limit ${batch})
        order by person_id`,
      [sourceOrigin(source), after],
    )
    if (rows.length === 0) return
    after = certain(rows.at(-1)).person_id
    const genuine = rows.filter((row) => vault.verifyGuard('account', accountGuard(row), row.guard))
    yield {
      people: ownersOf(genuine),
      heldAt: genuine.map(({ suspect_at }) => certain(suspect_at)),
    }
  }
}

/** Counting ends above `enough`. */
export async function countWaiting(
  client: pg.ClientBase | pg.Pool,
  context: SyncContext,
  source: string,
  enough = Number.POSITIVE_INFINITY,
): Promise<number> {
  let count = 0
  for await (const { people } of peopleWaiting(client, context, source)) {
    count += people.length
    if (count > enough) break
  }
  return count
}

/** Sources with a lock-out that was held back. */
export async function sourcesWithWaiting({ database }: SyncContext): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ origin: string }>(
    'select distinct wanted_by as origin from account where suspect_at is not null',
  )
  return rows.flatMap(({ origin }) => sourceOf(origin) ?? [])
}

/** Whether one of them is held by a suspicion that the source's row knows nothing of: an older row was put back, or it was deleted. */
export async function isForgotten(
  client: pg.ClientBase | pg.Pool,
  context: SyncContext,
  standing: SourceStanding,
): Promise<boolean> {
  for await (const { heldAt } of peopleWaiting(client, context, standing.source))
    if (heldAt.some((at) => !isLetGo(standing, at))) return true
  return false
}
