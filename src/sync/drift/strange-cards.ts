/** Cards that nobody is to get in by, found on somebody else's account: lost ones, blocked ones, and those of whoever is out. */
import type { ListedAccount } from '../../connector/contract.ts'
import { cardsOfNobodyInside } from '../../store/card-holders.ts'
import { inTransaction } from '../../store/transaction.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { cardDigest } from '../identifiers.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { shownKey, strangeName } from '../strange-card.ts'
import { modesOf } from '../target-modes.ts'
import type { Found } from './compare-drift.ts'
import type { Fight } from './fights.ts'
import { isSameDrift, stillToUndo, toUndo, undoByForce } from './reverts.ts'
import { undoSome } from './undo.ts'

export interface Look {
  readonly item: WorkItem
  readonly actual: ListedAccount | null
  readonly found: readonly Found[]
}

/** Of what was added by hand and opens doors. */
export async function strangeToShut(
  context: SyncContext,
  target: TargetSetup,
  looks: readonly Look[],
): Promise<readonly Fight[]> {
  const { vault, database } = context
  const added = looks.flatMap(({ item, actual, found }) => {
    const drifts = found.filter((each) => each.class === 'card-added')
    return (drifts.length === 0 ? [] : (actual?.cards ?? [])).flatMap((shown) => {
      if (shown.card === null || shown.state !== 'on') return []
      const part = `card:${strangeName(vault, item.row.id, shownKey(shown))}`
      const drift = drifts.find((each) => each.part === part)
      return drift === undefined ? [] : [{ account: item.row.id, drift, digest: cardDigest(vault, shown.card) }]
    })
  })
  const digests = added.map(({ digest }) => digest)
  const { digests: bad, forged } = await cardsOfNobodyInside(database.pool, vault, target.id, digests)
  await tellForged(database.pool, context, ...forged)
  return added.flatMap(({ account, drift, digest }) =>
    bad.some((each) => each.equals(digest)) ? [{ account, drift }] : [],
  )
}

/** Cards that nobody may get in by, put on other accounts by hand: blocked there as a lock-out, and then taken off. */
export async function shutStrangeCards(context: SyncContext, target: string, cards: readonly Fight[]): Promise<void> {
  if (cards.length === 0) return
  const mode = (await modesOf(context.database.pool, context)).get(target)
  if (mode?.locksOut !== true) return
  const byAccount = Map.groupBy(cards, ({ account }) => account)
  const asked = new Map([...byAccount].map(([id, own]) => [id, own.map(({ drift }) => drift)] as const))
  await inTransaction(context.database.pool, (client) =>
    undoSome(client, context, asked, {
      actor: 'engine',
      lane: 'urgent',
      evenPending: true,
      decide: (owned, drift) =>
        toUndo(stillToUndo(owned, context.now())).some((each) => isSameDrift(each, drift))
          ? null
          : undoByForce(owned, drift, context.now(), true),
    }),
  )
}
