/** Names what is written about a person at a target, as the target keeps it: equal profiles have equal names, and no name tells a profile. */
import type { Profile } from '../../connector/contract.ts'
import type { Vault } from '../../vault/vault.ts'

export function profileDigest(vault: Vault, profile: Profile): string {
  const fields = Object.entries(profile).sort(([a], [b]) => (a < b ? -1 : 1))
  return vault.digest('profile', fields.flat()).toString('base64url').slice(0, 16)
}
