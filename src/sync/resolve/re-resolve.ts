/** Resolves people again because something else than their records moved: the clock, or the policy. */
import type { PersonId } from '../../model/id.ts'
import { loadDossiers, wholeAndTorn } from '../../store/load-dossiers.ts'
import { peopleAfter } from '../../store/people.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { Brakes, SyncContext } from '../context.ts'
import { tellForged } from '../forged.ts'
import { plan } from '../plan/plan.ts'
import { resolveAndPass } from './resolve-and-pass.ts'

/** People per transaction. */
const batch = 500

/** Everybody whose time has come: starts, ends, and removals of rights. Returns how many. */
export async function resolveDue(context: SyncContext, brakes: Brakes): Promise<number> {
  const due = context.now()
  const { rows } = await context.database.pool.query<{ id: PersonId; next_change_at: Date }>(
    'select id, next_change_at from person where next_change_at <= $1 order by next_change_at limit $2',
    [due, batch],
  )
  if (rows.length === 0) return 0
  // A dated end counts from the instant that it names, so that a clock that stood still shows as late.
  const earliest = certain(rows[0]).next_change_at
  await resolveBatch(
    context,
    rows.map(({ id }) => id),
    'clock',
    earliest,
  )
  await plan(context, { origin: 'clock', pull: null, brakes, arrivedAt: earliest })
  return rows.length
}

/** Everybody, page by page: after the policy or a mapping of levels has changed. @throws what `signal` was aborted with; to be done again. */
export async function resolveEveryone(context: SyncContext, brakes: Brakes, signal?: AbortSignal): Promise<void> {
  let after: PersonId | null = null
  for (;;) {
    signal?.throwIfAborted()
    const ids: readonly PersonId[] = await peopleAfter(context.database.pool, after, batch)
    if (ids.length === 0) break
    after = certain(ids.at(-1))
    await resolveBatch(context, ids, 'policy', context.now())
  }
  await plan(context, { origin: 'policy', pull: null, brakes, arrivedAt: context.now() })
}

async function resolveBatch(
  context: SyncContext,
  ids: readonly PersonId[],
  by: 'clock' | 'policy',
  arrivedAt: Date,
): Promise<void> {
  await inTransaction(context.database.pool, async (client) => {
    const loaded = await loadDossiers(client, context.vault, ids)
    const { frozen, torn } = loaded
    await tellForged(client, context, ...frozen)
    // A frozen person is looked at again only after a human has: else the clock would circle on them.
    const still = frozen.filter((id) => !torn.has(id))
    if (still.length > 0)
      await client.query('update person set next_change_at = null where id = any($1::uuid[])', [still])
    await resolveAndPass(client, context, [...wholeAndTorn(loaded).values()], by, {
      actor: by,
      because: by,
      arrivedAt,
    })
  })
}
