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
  return vault.seal(key, placeOf(account, version), JSON.stringify({ form, ...facts } satisfies SealedFacts))
}

/** @throws VaultError when it is not what was sealed for this account under this version. */
export function openFacts(
  vault: Vault,
  key: DataKey,
  account: AccountId,
  version: number,
  sealed: Buffer,
): AccountFacts {
  return readFacts(vault.open(key, placeOf(account, version), sealed))
}

/** In the first form, null was also written for what nobody spoke of: there it says nothing, and clears nothing. */
const form = 2

interface SealedFacts extends AccountFacts {
  readonly form?: typeof form
}

/** Reads the text of facts that were opened; what was sealed before facts could be cleared counts as not spoken of where it is null. */
export function readFacts(text: string): AccountFacts {
  const { form: is, facts, validity } = JSON.parse(text) as SealedFacts
  if (is === form) return { facts, validity }
  return { facts: Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)), validity }
}

function placeOf(row: AccountId, version: number) {
  return { table: 'account', column: 'facts', row, version } as const
}
