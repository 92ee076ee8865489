/** Seals what a subscription keeps in files, each piece for its own place in its own file, with the keys of this gateway. */
import type { Sealer } from '../connector/sealer.ts'
import type { Vault } from '../vault/vault.ts'
import { VaultError } from '../vault/vault-error.ts'

/** What it seals opens under this subscription alone, also after keys were replaced. */
export function fileSealer(vault: Vault, subscription: string): Sealer {
  const placeOf = ({ file, piece, last }: Parameters<Sealer['seal']>[0]) => ({
    ...{ table: 'sink-file', column: last ? 'last' : 'piece', row: `${subscription}/${file}`, version: piece },
  })
  return {
    seal: (place, text) => vault.sealSystem(placeOf(place), text),
    open(place, sealed) {
      try {
        return vault.openSystem(placeOf(place), sealed)
      } catch (error) {
        if (!(error instanceof VaultError)) throw error
        // It may be of before keys were replaced.
        return vault.openFormerSystem(placeOf(place), sealed)
      }
    },
  }
}
