/** Under which id an account lies at its target: sealed and opened here alone, and only that which the signed digest names is given out. */
import type { AccountId } from '../model/id.ts'
import type { AccountRow } from '../store/guards.ts'
import { accountDigest } from '../store/identifiers.ts'
import type { DataKey, Vault } from '../vault/vault.ts'
import { VaultError } from '../vault/vault-error.ts'

export function sealExternalId(vault: Vault, key: DataKey, account: AccountId, externalId: string): Buffer {
  return vault.seal(key, placeOf(account), externalId)
}

/**
 * The caller has checked the guard of the row. An earlier id of the same account opens as well, so that the seal alone says nothing:
 * a lock-out by it would be proven at somebody else's account. @throws VaultError
 */
export function openExternalId(
  vault: Vault,
  key: DataKey,
  row: Pick<AccountRow, 'id' | 'target' | 'external_id' | 'external_digest'>,
): string {
  const externalId = vault.open(key, placeOf(row.id), row.external_id)
  if (!accountDigest(vault, row.target, externalId).equals(row.external_digest))
    throw new VaultError('vault.open-failed')
  return externalId
}

function placeOf(row: AccountId) {
  return { table: 'account', column: 'external_id', row, version: 1 } as const
}
