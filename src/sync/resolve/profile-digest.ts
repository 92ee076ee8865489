/** Names what is written about a person at a target, as the target keeps it: equal profiles have equal names, and no name tells a profile. */
import type { AccountsCapability, Profile } from '../../connector/contract.ts'
import type { PersonFacts } from '../../model/person.ts'
import type { Vault } from '../../vault/vault.ts'

export function profileDigest(vault: Vault, profile: Profile): string {
  const fields = Object.entries(profile).sort(([a], [b]) => (a < b ? -1 : 1))
  return vault.digest('profile', fields.flat()).toString('base64url').slice(0, 16)
}

/** Names all that is written from these facts: where the target takes pictures, which of them as well, behind a dot. */
export function writtenDigest(
  vault: Vault,
  { render, takesPhotos }: Pick<AccountsCapability, 'render' | 'takesPhotos'>,
  facts: PersonFacts,
): string {
  const name = profileDigest(vault, render(facts))
  return takesPhotos !== true || facts.photo === undefined ? name : `${name}.${photoDigest(vault, facts.photo)}`
}

/** The name of the profile alone, by which an account is known as ours before its picture came. */
export function withoutPhoto(name: string): string {
  return name.replace(/\..*/, '')
}

function photoDigest(vault: Vault, photo: string | null): string {
  return profileDigest(vault, { photo: photo ?? '' })
}
