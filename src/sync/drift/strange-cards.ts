/** Cards that nobody is to get in by, found on somebody else's account: lost ones, blocked ones, and those of whoever is out. */
import type { ListedAccount } from '../../connector/contract.ts'
import type { Card } from '../../model/card.ts'
import type { AccountId, CredentialId } from '../../model/id.ts'
import { isBeingShut } from '../../store/account-sql.ts'
import { type CardOfNobody, cardsOfNobodyInside } from '../../store/card-holders.ts'
import type { Drift } from '../../store/drifts.ts'
import { cardDigest } from '../../store/identifiers.ts'
import { inTransaction } from '../../store/transaction.ts'
import { certain } from '../certain.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { tellForged } from '../forged.ts'
import { type PassedLockout, recordLockouts } from '../lock-out.ts'
import type { WorkItem } from '../reconcile/work-item.ts'
import { strangePart } from '../strange-card.ts'
import { modesOf } from '../target-modes.ts'
import { driftsBetween, type Found } from './compare-drift.ts'
import { isSameDrift, undoByForce } from './reverts.ts'
import { undoSome } from './undo.ts'

export interface Seen {
  readonly item: WorkItem
  readonly actual: ListedAccount | null
}

export interface Look extends Seen {
  readonly found: readonly Found[]
  /** Cards on it that are to be shut. */
  readonly strange: readonly StrangeCard[]
}

export interface StrangeCard {
  readonly account: AccountId
  readonly drift: Found
  readonly credential: CredentialId
}

/** What is not as it should be on these accounts. Of an extra account also each card that nobody is to get in by; of no other. */
export async function lookAt(
  context: SyncContext,
  target: TargetSetup,
  seen: readonly Seen[],
): Promise<readonly Look[]> {
  const looks = seen.map((each) => ({ ...each, found: driftsBetween(context, target, each.item, each.actual) }))
  const added = looks.flatMap(({ item, actual, found }) => {
    if (item.desired.lock === 'closed') return []
    return cardsOn(actual).flatMap((shown) => {
      const drift = { class: 'card-added', part: strangePart(context.vault, item.row.id, shown) } as const
      const isStrange = !item.row.is_primary || found.some((each) => isSameDrift(each, drift))
      return isStrange ? [{ account: item.row.id, drift, digest: cardDigest(context.vault, shown.card) }] : []
    })
  })
  const bad = await cardsOfNobody(
    context,
    target.id,
    added.map(({ digest }) => digest),
  )
  const strange = added.flatMap(({ account, drift, digest }): StrangeCard[] => {
    const card = bad.find((each) => each.digest.equals(digest))
    return card === undefined ? [] : [{ account, drift, credential: card.credential }]
  })
  return looks.map((look) => {
    const own = strange.filter(({ account }) => account === look.item.row.id)
    const told = look.item.row.is_primary ? [] : own.map(({ drift }) => drift)
    return { ...look, found: [...look.found, ...told], strange: own }
  })
}

/** Of these accounts, those that show a card which nobody is to get in by, whosever it is. */
export async function withCardsOfNobody<Shown extends { readonly actual: ListedAccount }>(
  context: SyncContext,
  target: string,
  shown: readonly Shown[],
): Promise<readonly Shown[]> {
  const carriers = shown.flatMap((of) =>
    cardsOn(of.actual).map(({ card }) => ({ of, digest: cardDigest(context.vault, card) })),
  )
  const bad = await cardsOfNobody(
    context,
    target,
    carriers.map(({ digest }) => digest),
  )
  return [
    ...new Set(carriers.flatMap(({ of, digest }) => (bad.some((each) => each.digest.equals(digest)) ? [of] : []))),
  ]
}

/** Shown with their numbers, and not blocked. */
export function cardsOn(actual: ListedAccount | null): readonly { readonly card: Card; readonly ref: string }[] {
  return (actual?.cards ?? []).flatMap(({ card, ref, state }) =>
    card === null || state !== 'on' ? [] : [{ card, ref }],
  )
}

/** Whoever's rows somebody else wrote is alarmed. */
export async function cardsOfNobody(
  context: SyncContext,
  target: string,
  digests: readonly Buffer[],
): Promise<readonly CardOfNobody[]> {
  const { database, vault } = context
  const { cards, forged } = await cardsOfNobodyInside(database.pool, vault, target, digests)
  await tellForged(database.pool, context, ...forged)
  return cards
}

/**
 * Cards that nobody may get in by, put on other accounts by hand: each blocked there as a lock-out with a clock of its own, and then taken
 * off. Returns those of which that is noted now; the others are being shut already, or can't be: a worker is at the account, one of its
 * rows can't be trusted, or the target is only observed.
 */
export async function shutStrangeCards(
  context: SyncContext,
  target: string,
  cards: readonly StrangeCard[],
): Promise<readonly AccountId[]> {
  if (cards.length === 0) return []
  const mode = (await modesOf(context.database.pool, context)).get(target)
  if (mode?.locksOut !== true) return []
  const beingShut = await beingShutAmong(
    context,
    cards.map(({ account }) => account),
  )
  const open = cards.filter(({ account }) => !beingShut.has(account))
  const byAccount = Map.groupBy(open, ({ account }) => account)
  const asked = new Map([...byAccount].map(([id, own]) => [id, own.map(({ drift }) => drift)] as const))
  const credentialOf = (account: AccountId, drift: Drift) =>
    certain(byAccount.get(account)?.find((each) => isSameDrift(each.drift, drift))).credential
  return inTransaction(context.database.pool, async (client) => {
    const noted = await undoSome(client, context, asked, {
      actor: 'engine',
      lane: 'urgent',
      byForce: true,
      decide: (owned, drift, _, account) =>
        undoByForce(owned, drift, context.now(), credentialOf(account.row.id, drift)),
    })
    const shut = [...Map.groupBy(noted, ({ account }) => account)].map(([account, own]): PassedLockout => {
      const [{ dossier }] = own as [(typeof own)[number]]
      return { dossier, account, whole: false, cardsShut: own.map(({ drift }) => credentialOf(account.row.id, drift)) }
    })
    await recordLockouts(client, context, shut, { actor: 'engine', because: 'undone', arrivedAt: context.now() })
    return shut.map(({ account }) => account.row.id)
  })
}

async function beingShutAmong(
  { database }: SyncContext,
  accounts: readonly AccountId[],
): Promise<ReadonlySet<AccountId>> {
  const { rows } = await database.pool.query<{ id: AccountId }>(
    `select id from account a where id = any($1::uuid[]) and ${isBeingShut('a.id')}`,
    [accounts],
  )
  return new Set(rows.map(({ id }) => id))
}
