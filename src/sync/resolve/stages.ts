/** What a leaver has lost by now, what is kept of a deleted account, and how whoever comes back gets a new one. */
import type { Person } from '../../model/person.ts'
import { type LeaverStages, leaverStages } from '../../policy/leaver.ts'
import { type Dossier, type DossierAccount, touch } from '../../store/dossier.ts'
import { accountDigest } from '../../store/identifiers.ts'
import type { SyncContext, TargetSetup } from '../context.ts'
import { decodeIfAny, type Parts } from '../parts.ts'

export function stagesOf({ leaver }: SyncContext, { person }: Dossier, now: Date): LeaverStages {
  return leaverStages(person.left_at, now, leaver)
}

/** Its deletion is official. The row stays: by it the account is shut again should the target bring it back. */
export function isDeleted({ row }: DossierAccount): boolean {
  return decodeIfAny(row.desired)?.gone === true
}

/** Gone from every source, out of time with everything, and on no account any more that somebody may still write to. */
export function isForgotten(context: SyncContext, dossier: Dossier, now: Date): boolean {
  const { levelsAreOver, cardsAreOver } = stagesOf(context, dossier, now)
  return levelsAreOver && cardsAreOver && isSpokenOfByNobody(dossier) && !holdsCards(context, dossier)
}

export function isSpokenOfByNobody({ records }: Dossier): boolean {
  return records.every(({ row }) => row.presence === 'gone')
}

function holdsCards({ targets }: SyncContext, { accounts }: Dossier): boolean {
  return accounts.some(({ row }) => {
    const desired = targets.has(row.target) ? decodeIfAny(row.desired) : null
    return desired !== null && Object.keys(desired.cards).length > 0
  })
}

/** `closed` with what is over taken off; an operator's lock has nothing to do with it any more. */
export function afterStages(closed: Parts, { levelsAreOver, cardsAreOver, accountIsOver }: LeaverStages): Parts {
  const { pin, ...rest } = closed
  const kept = { ...closed, ...(levelsAreOver ? { levels: [] } : {}), ...(cardsAreOver ? { cards: {} } : {}) }
  return accountIsOver ? { ...rest, cards: {}, levels: [], gone: true } : kept
}

/**
 * The row to begin anew with of somebody whose account was deleted, made their main one: it must be of the id that they have now. Null
 * when there is none; then what remains of another keeps watch beside the new one.
 * @throws ConnectorError `rejected` when the facts give no id.
 */
export function deletedRow(
  { vault }: SyncContext,
  { accounts }: Dossier,
  target: TargetSetup,
  { facts }: Person,
): DossierAccount | null {
  const digest = accountDigest(vault, target.id, target.connection.accounts.identify(facts))
  const deleted = accounts.filter((account) => account.row.target === target.id && isDeleted(account))
  const again = deleted.find(({ row }) => row.external_digest.equals(digest)) ?? null
  for (const account of deleted) {
    const isPrimary = account === again
    if (account.row.is_primary === isPrimary) continue
    account.row.is_primary = isPrimary
    touch(account)
  }
  return again
}
