/** What stands for a person, a door or a card at one receiver: always the same there, another elsewhere, and nobody can tell whose without the keyring. */
import type { Vault } from '../../vault/vault.ts'

type Of = 'event' | 'person' | 'door' | 'reader' | 'card'

/** 128 bits in base64url. */
const length = 22

export type Pseudonyms = (of: Of, ...parts: readonly string[]) => string

export function pseudonymsOf(vault: Pick<Vault, 'digest'>, subscription: string): Pseudonyms {
  return (of, ...parts) =>
    vault
      .digest(`subscription-${of}`, [subscription, ...parts])
      .toString('base64url')
      .slice(0, length)
}
