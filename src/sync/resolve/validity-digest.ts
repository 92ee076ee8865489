/** Names the time in which an account is valid: equal times have equal names, and no name tells a time. */
import type { Validity } from '../../model/account.ts'
import type { Vault } from '../../vault/vault.ts'

export function validityDigest(vault: Vault, { from, until }: Validity): string {
  return vault.digest('validity', [from, until]).toString('base64url').slice(0, 16)
}
