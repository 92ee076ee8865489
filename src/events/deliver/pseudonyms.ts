/** What stands for a person, a door or a card at one receiver: always the same there, another elsewhere, and nobody can tell whose without the keyring. */
import type { Vault } from '../../vault/vault.ts'
import { openMemo } from '../memo.ts'

type Of = 'event' | 'person' | 'door' | 'reader' | 'card' | 'punch' | 'worker'

/** 128 bits in base64url. */
const length = 22

export type Pseudonyms = (of: Of, ...parts: readonly string[]) => string

/** About 4 MB. */
const rememberedMax = 20_000

/** 22 characters of base64url, which are 128 bits of an HMAC-SHA-256 under the digest key; with other keys they are others. */
export function pseudonymsOf(vault: Pick<Vault, 'digest' | 'keySet'>, subscription: string): Pseudonyms {
  const remembered = openMemo<string>(vault, rememberedMax)
  const pseudonym: Pseudonyms = (of, ...parts) =>
    vault
      .digest(`subscription-${of}`, [subscription, ...parts])
      .toString('base64url')
      .slice(0, length)
  return (of, ...parts) => {
    // Each is another one.
    if (of === 'event' || of === 'punch') return pseudonym(of, ...parts)
    return remembered([of, ...parts], () => pseudonym(of, ...parts))
  }
}
