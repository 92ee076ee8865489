/** A row for an account that had none: what is wanted of it is known, nothing is desired yet, and nothing of it is ours. */
import { type AccountId, newId } from '../model/id.ts'
import type { AccountFacts, Dossier, DossierAccount } from '../store/dossier.ts'
import { ownedGuard } from '../store/guards.ts'
import { accountDigest } from '../store/identifiers.ts'
import { sealFacts } from './account-facts.ts'
import type { SyncContext } from './context.ts'
import { sealExternalId } from './external-id.ts'
import type { Origin } from './origin.ts'
import { encodeParts, type Parts } from './parts.ts'

/** Added to the person's dossier, and returned; stored when that is saved. */
export function addAccount(
  { vault }: SyncContext,
  dossier: Dossier,
  account: {
    readonly target: string
    readonly externalId: string
    /** False for one beside another of this person at the same target. */
    readonly isPrimary: boolean
    readonly wanted: Parts
    readonly facts: AccountFacts
    readonly wantedBy: Origin
    readonly pending: boolean
  },
): DossierAccount {
  const id = newId<AccountId>()
  const { key, person } = dossier
  const added: DossierAccount = {
    mark: 'fresh',
    row: {
      id,
      target: account.target,
      person_id: person.id,
      key_id: person.key_id,
      is_primary: account.isPrimary,
      external_digest: accountDigest(vault, account.target, account.externalId),
      external_id: sealExternalId(vault, key, id, account.externalId),
      wanted: encodeParts(account.wanted),
      wanted_facts: sealFacts(vault, key, id, 1, account.facts),
      wanted_facts_version: 1,
      wanted_by: account.wantedBy,
      pending: account.pending,
      desired: null,
      desired_facts: null,
      desired_facts_version: null,
      desired_version: 0,
      desired_mac: null,
      owned: null,
      owned_guard: vault.guard('account_owned', ownedGuard(id, null)),
      applied_version: 0,
      actual: null,
      actual_version: null,
      actual_at: null,
      failures: null,
      failing_since: null,
      discarded_version: null,
      discarded_guard: null,
      frozen_at: null,
      suspect_at: null,
      suspension: null,
      guard: Buffer.alloc(0),
    },
  }
  dossier.accounts.push(added)
  return added
}
