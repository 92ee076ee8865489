/** Counts what a configuration would change if it were released, person by person, and leaves no trace of it in the store. */
import type pg from 'pg'
import type { PersonId } from '../../model/id.ts'
import type { Dossier } from '../../store/dossier.ts'
import { loadDossiers } from '../../store/load-dossiers.ts'
import { peopleAfter } from '../../store/people.ts'
import { inDryTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext } from '../context.ts'
import { changesBetween, decodeIfAny, decodeParts } from '../parts.ts'
import type { KindCount } from '../plan/brake.ts'
import { countsOf, PlanGroups } from '../plan/plan-groups.ts'
import { leftByAbsence } from '../resolve/left-by-absence.ts'
import { resolveAll } from '../resolve/resolve-all.ts'
import { countRules } from './count-rules.ts'

/** What would become a plan after a release; lock-outs by record would be made at once, as far as their source may cause them. */
export interface Effect {
  readonly people: number
  readonly accounts: number
  readonly kinds: readonly KindCount[]
  /** People whom each rule gives its levels, in the order of the rules; empty while nobody is known. Left out of what was counted before. */
  readonly given?: readonly number[]
}

/** People per transaction. */
const batch = 500

/**
 * `context` is that of the configuration to be tried; its targets are asked for nothing. What waits in plans already counts only where
 * something else would be wanted. @throws what `signal` was aborted with.
 */
export async function dryRun(context: SyncContext, signal: AbortSignal): Promise<Effect> {
  const groups = new PlanGroups()
  const rules = countRules(context.policy)
  let [people, accounts] = [0, 0]
  let after: PersonId | null = null
  for (;;) {
    signal.throwIfAborted()
    const ids: readonly PersonId[] = await peopleAfter(context.database.pool, after, batch)
    if (ids.length === 0)
      return { people, accounts, kinds: countsOf(groups.all), given: after === null ? [] : rules.given }
    after = certain(ids.at(-1))
    await inDryTransaction(context.database.pool, async (client) => {
      for (const changed of await tryOut(client, { ...context, policy: rules.policy }, ids, groups)) {
        people += 1
        accounts += changed
      }
    })
    rules.addPage()
  }
}

/** How many accounts would change, of each person with any; each change is added to `groups`. */
async function tryOut(
  client: pg.ClientBase,
  context: SyncContext,
  ids: readonly PersonId[],
  groups: PlanGroups,
): Promise<readonly number[]> {
  // Not locked: whoever decides about them for good must not wait for this.
  const { dossiers } = await loadDossiers(client, context.vault, ids, { lock: false })
  const all = [...dossiers.values()]
  const wanted = new Map(all.flatMap(({ accounts }) => accounts.map(({ row }) => [row.id, row.wanted] as const)))
  await resolveAll(client, context, all, 'policy')
  const absent = leftByAbsence(context)
  return all.map((dossier) => changedAccounts(dossier, absent(dossier), wanted, groups)).filter((count) => count > 0)
}

function changedAccounts(
  { accounts }: Dossier,
  absent: boolean,
  wanted: ReadonlyMap<string, string>,
  groups: PlanGroups,
): number {
  const changed = accounts.filter(({ row }) => {
    if (wanted.get(row.id) === row.wanted) return false
    const before = decodeIfAny(row.desired)
    const changes = changesBetween(before, decodeParts(row.wanted), absent ? 'lockout-absence' : 'lockout-record')
    for (const change of changes) groups.add({ ...change, account: row.id, target: row.target, alone: null })
    return changes.length > 0
  })
  return changed.length
}
