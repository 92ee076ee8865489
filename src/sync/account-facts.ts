/** What a target is told about a person, sealed beside the account that is to show it: by row and version, so that no older text passes for a newer one. */
import type { AccountId } from '../model/id.ts'
import type { AccountFacts } from '../store/dossier.ts'
import type { DataKey, Vault } from '../vault/vault.ts'

export function sealFacts(
  vault: Vault,
  key: DataKey,
  account: AccountId,
  version: number,
  facts: AccountFacts,
): Buffer {
  return vault.seal(key, placeOf(account, version), JSON.stringify(facts))
}

/** @throws VaultError when it is not what was sealed for this account under this version. */
export function openFacts(
  vault: Vault,
  key: DataKey,
  account: AccountId,
  version: number,
  sealed: Buffer,
): AccountFacts {
  return JSON.parse(vault.open(key, placeOf(account, version), sealed)) as AccountFacts
}

function placeOf(row: AccountId, version: number) {
  return { table: 'account', column: 'facts', row, version } as const
}
