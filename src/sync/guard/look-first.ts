/** Looks at the accounts of somebody before an enrolment window opens for them: what was changed until then is found now, and the window explains none of it. */
import { withCallScope } from '../../connector/egress/call-scope.ts'
import { ConnectorError } from '../../connector/errors.ts'
import type { AccountId, PersonId } from '../../model/id.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { Confirmation, loadItems } from '../drift/confirm.ts'
import { lookThrough } from './look-through.ts'

/** Whoever opens a window waits so long at most. */
const longestMs = 10_000

interface Account {
  readonly id: AccountId
  readonly target: string
}

/**
 * Returns the targets where an account could not be looked at: it has work to do, or its system does not answer. There the window explains
 * what events tell, and what a sweep finds only once the account was looked at. @throws what `pg` throws; ConnectorError never.
 */
export async function lookFirst(context: SyncContext, person: PersonId): Promise<readonly string[]> {
  const { rows } = await context.database.pool.query<Account>(
    'select id, target from account where person_id = $1 and desired is not null order by id',
    [person],
  )
  const unseen = await Promise.all(
    [...Map.groupBy(rows, ({ target }) => target)].map(async ([id, accounts]) => {
      const target = context.targets.get(id)
      const seen = target === undefined ? 0 : await lookAll(context, target, accounts)
      return seen === accounts.length ? [] : [id]
    }),
  )
  return unseen.flat()
}

/** How many were looked at. */
async function lookAll(context: SyncContext, target: TargetSetup, accounts: readonly Account[]): Promise<number> {
  const { pausedBecause } = await context.standings.recent(target.id)
  if (pausedBecause !== null) return 0
  const signal = AbortSignal.timeout(longestMs)
  let seen = 0
  const confirmation = new Confirmation(context, target, signal, {
    isRecent: () => false,
    looked: async (looks, when) => {
      seen += await lookThrough(context, target, looks, { ...when, isOpening: true })
    },
  })
  try {
    const items = await loadItems(context, accounts)
    await withCallScope({ lane: 'urgent' }, () => confirmation.confirm(items))
  } catch (error) {
    if (!(error instanceof ConnectorError || signal.aborted)) throw error
  }
  return seen
}
